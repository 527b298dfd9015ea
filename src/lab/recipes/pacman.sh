# Builds $1/tree, a blank host of the pacman family, and $1/packages, a pacman repository made
# from the files of Debian's packages. Real are pacman, the units and the programs; the names,
# the map type and where files lie are Arch's.
set -eu
out=$1
recipe=$(dirname "$0")
. "$recipe/common.sh"

tree=$out/tree scratch=$out/scratch repo=$out/packages
debian_tree "$tree" "pacman-package-manager"

apt_for "$tree" "$scratch" update
# Together, as far as they do not conflict; what the tree has already is not downloaded.
for set in "postfix postfix-lmdb libsasl2-modules" "msmtp msmtp-mta" "s-nail"; do
    # shellcheck disable=SC2086 # a list of words
    apt_for "$tree" "$scratch" --download-only install $set
done
debs=$scratch/cache/archives

# unpack NAME DEB…: the files of Debian's packages, laid out as on Arch.
unpack() {
    root=$scratch/$1
    shift
    for deb in "$@"; do
        mkdir -p "$root"
        dpkg-deb -x "$debs/${deb}"_*.deb "$root"
    done
    for pair in lib:usr/lib sbin:usr/bin bin:usr/bin usr/sbin:usr/bin; do
        from=$root/${pair%:*} to=$root/${pair#*:}
        [ -d "$from" ] || continue
        mkdir -p "$to"
        cp -a --remove-destination "$from/." "$to/"
        rm -r "$from"
    done
    rm -rf "$root"/usr/share/doc "$root"/usr/share/lintian "$root"/etc/init.d
}

# pack NAME DEB-OF-THE-VERSION LINE…: a package of the unpacked files; a line is one of .PKGINFO.
pack() {
    name=$1 root=$scratch/$1
    version=$(dpkg-deb -f "$debs/${2}"_*.deb Version | sed 's/^[0-9]*://; s/[-+].*//')-1
    shift 2
    {
        printf 'pkgname = %s\npkgbase = %s\npkgver = %s\n' "$name" "$name" "$version"
        printf 'pkgdesc = made for the lab\nbuilddate = 0\npackager = lab\n'
        printf 'size = %s\narch = x86_64\n' "$(du -sb "$root" | cut -f1)"
        [ $# = 0 ] || printf '%s\n' "$@"
    } >"$root/.PKGINFO"
    first=.PKGINFO
    if [ -e "$recipe/$name.install" ]; then
        cp "$recipe/$name.install" "$root/.INSTALL"
        first='.PKGINFO .INSTALL'
    fi
    # pacman wants the metadata in front.
    # shellcheck disable=SC2046,SC2086 # lists of words
    (cd "$root" &&
        bsdtar -czf .MTREE --format=mtree \
            --options='!all,use-set,type,uid,gid,mode,time,size,md5,sha256,link' $first $(ls) &&
        tar --zstd --numeric-owner -cf "$repo/$name-$version-x86_64.pkg.tar.zst" \
            .MTREE $first $(ls))
}

# A library: nothing but the files.
library() { # NAME DEPENDENCY-OR-NOTHING DEB…
    name=$1 depend=$2
    shift 2
    unpack "$name" "$@"
    pack "$name" "$1" ${depend:+"depend = $depend"}
}

mkdir -p "$repo"
library lmdb "" liblmdb0
library cyrus-sasl "" libsasl2-modules
library glib2 "" libglib2.0-0
library libsecret glib2 libsecret-1-0 libsecret-common
library libgsasl "" libgsasl18 libgssglue1 libidn12 libntlm0

# On Arch msmtpd comes with msmtp, and msmtp-mta is a link.
unpack msmtp msmtp msmtp-mta
root=$scratch/msmtp
rm -r "$root"/usr/bin/sendmail "$root"/usr/bin/newaliases "$root"/usr/lib/sendmail "$root"/usr/share/man
pack msmtp msmtp "depend = libgsasl" "depend = libsecret"

root=$scratch/msmtp-mta
mkdir -p "$root/usr/bin" "$root/usr/lib"
ln -s msmtp "$root/usr/bin/sendmail"
ln -s ../bin/msmtp "$root/usr/lib/sendmail"
pack msmtp-mta msmtp-mta "depend = msmtp" \
    "provides = smtp-forwarder" "conflict = smtp-forwarder"

unpack s-nail s-nail
for link in mail mailx; do ln -s s-nail "$scratch/s-nail/usr/bin/$link"; done
pack s-nail s-nail "provides = mailx"

unpack postfix postfix postfix-lmdb
root=$scratch/postfix etc=$scratch/postfix/etc/postfix
for hook in network insserv.conf.d ppp resolvconf rsyslog.d ufw; do rm -r "$root/etc/$hook"; done
rm -r "$root"/usr/lib/systemd "$root"/usr/lib/networkd-dispatcher "$root"/var/log
rm -r "$root"/var/spool/postfix/* "$root"/usr/lib/postfix/configure-instance.sh
for link in mailq newaliases; do ln -sf sendmail "$root/usr/bin/$link"; done
ln -sf ../bin/sendmail "$root/usr/lib/sendmail"
rm -f "$root/usr/bin/rmail"
mkdir -p "$root/usr/lib/systemd/system" "$root/usr/lib/sysusers.d"
cp "$recipe/postfix.service" "$root/usr/lib/systemd/system/"
cp "$recipe/postfix.sysusers" "$root/usr/lib/sysusers.d/postfix.conf"
cp "$recipe/main.cf" "$etc/main.cf"
# Nothing is chrooted on Arch.
awk '/^[a-z]/ && NF > 7 { sub(/ y /, " n ") } { print }' \
    "$root/usr/share/postfix/master.cf.dist" >"$etc/master.cf"
cp "$root/usr/share/postfix/dynamicmaps.cf" "$root/usr/share/postfix/makedefs.out" "$etc"
sed -i '/^#/!{/^lmdb/!d}' "$etc/dynamicmaps.cf"
printf 'postmaster: root\n' >"$etc/aliases"
perl "$recipe/lmdb-only.pl" "$root/usr/bin/postconf" \
    "$root/usr/lib/postfix/libpostfix-global.so" "$root/usr/lib/postfix/libpostfix-util.so"
# The ids of postfix.sysusers.
chgrp 75 "$root/usr/bin/postdrop" "$root/usr/bin/postqueue"
chmod g+s "$root/usr/bin/postdrop" "$root/usr/bin/postqueue"
chown 73 "$root/var/lib/postfix"
pack postfix postfix "depend = lmdb" \
    "provides = smtp-server" "provides = smtp-forwarder" \
    "conflict = smtp-server" "conflict = smtp-forwarder" \
    "backup = etc/postfix/main.cf" "backup = etc/postfix/master.cf" \
    "backup = etc/postfix/aliases"

repo-add --quiet "$repo/extra.db.tar.gz" "$repo"/*.pkg.tar.zst
rm -r "$scratch"

# Nothing of the tree may say Debian, or speak for a package manager that is not there.
cp "$recipe/os-release" "$tree/usr/lib/os-release"
touch "$tree/etc/arch-release"
rm -rf "$tree"/etc/debian_version "$tree"/etc/apt "$tree"/etc/dpkg "$tree"/var/lib/apt \
    "$tree"/var/lib/dpkg "$tree"/var/cache/apt "$tree"/var/cache/debconf \
    "$tree"/usr/bin/apt "$tree"/usr/bin/apt-* "$tree"/usr/bin/dpkg "$tree"/usr/bin/dpkg-* \
    "$tree"/usr/lib/apt "$tree"/usr/lib/dpkg "$tree"/usr/share/debconf "$tree"/usr/sbin/dpkg-*
# On Arch all programs are in one folder.
for file in "$tree"/usr/sbin/*; do
    [ -e "$tree/usr/bin/${file##*/}" ] || mv "$file" "$tree/usr/bin/"
done
rm -r "$tree/usr/sbin"
ln -s bin "$tree/usr/sbin"
# As Arch's systemd package: new units are seen at once.
mkdir -p "$tree/usr/share/libalpm/hooks" "$tree/var/lib/pacman" "$tree/var/cache/pacman/pkg"
cp "$recipe/daemon-reload.hook" "$tree/usr/share/libalpm/hooks/30-systemd-daemon-reload.hook"
# A blank host has never synchronised.
rm -rf "$tree"/var/lib/pacman/sync
