# Builds $1/tree, a blank Debian 12 host, and $1/packages, a flat apt repository of what it may
# be asked to install.
set -eu
out=$1
. "$(dirname "$0")/common.sh"

debian_tree "$out/tree" ""

# Several downloads into one folder: these packages conflict with each other.
apt_for "$out/tree" "$out/scratch" update
for set in \
    "postfix postfix-lmdb libsasl2-modules" \
    "msmtp msmtp-mta" \
    "logwatch exim4" \
    "s-nail postfix" \
    "bsd-mailx postfix"; do
    # shellcheck disable=SC2086 # a list of words
    apt_for "$out/tree" "$out/scratch" --download-only install $set
done
mkdir "$out/packages"
mv "$out"/scratch/cache/archives/*.deb "$out/packages"
(cd "$out/packages" && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release)
rm -r "$out/scratch"

# A blank host has no package lists, and knows the lab's repository only.
rm -rf "$out"/tree/var/lib/apt/lists/* "$out"/tree/var/cache/apt/*.bin
