# Builds $1/tree, a blank Debian 12 host, and $1/packages, a flat apt repository of what it may
# be asked to install.
set -eu
out=$1
. "$(dirname "$0")/common.sh"

# What Postfix's package brings along on a bare system and most systems have: a key of RSA and the
# tables of Unicode would be two thirds of what each of the tests' installations costs.
debian_tree "$out/tree" "libicu72,libsasl2-2,ssl-cert"

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
# Packed anew without compression, which would be a tenth of an installation.
for deb in "$out"/scratch/cache/archives/*.deb; do
    dpkg-deb -R "$deb" "$out/scratch/deb"
    dpkg-deb -Znone -b "$out/scratch/deb" "$out/packages/$(basename "$deb")" >/dev/null
    rm -r "$out/scratch/deb"
done
(cd "$out/packages" && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release)
rm -r "$out/scratch"

# A blank host has no package lists, and knows the lab's repository only.
rm -rf "$out"/tree/var/lib/apt/lists/* "$out"/tree/var/cache/apt/*.bin
