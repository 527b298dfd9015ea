# Makes a lab host one on which generated roles run: the programs, units and packages of
# `world.yml`, as a real host has them.
set -eu
mkdir -p /opt/own
cat >/opt/own/tools <<'TOOLS'
has() { getent "$1" "$2" >/dev/null; }
file() { # PATH MODE OWNERS CONTENT
    mkdir -p "$(dirname "$1")"
    [ ! -h "$1" ] || rm "$1"
    printf %s "$4" >"$1"
    chown "$3" "$1"
    chmod "$2" "$1"
}
directory() { # PATH MODE OWNERS
    mkdir -p "$1"
    chown "$3" "$1"
    chmod "$2" "$1"
}
link() { # PATH TARGET
    mkdir -p "$(dirname "$1")"
    [ "$(readlink "$1")" = "$2" ] || ln -sfn "$2" "$1"
}
put() { # PACKAGE…
    if command -v dpkg >/dev/null; then
        dpkg -i "$@" >/dev/null
    else
        pacman -U --noconfirm "$@" >/dev/null
    fi
}
interrupt() { # as a killed package manager leaves its database
    if command -v dpkg >/dev/null; then
        [ -e /usr/lib/lib.so ] || put /opt/own/lib_1.*
        sed -i '/^Package: lib$/,/^$/s/^Status: .*/Status: install reinstreq half-installed/' \
            /var/lib/dpkg/status
    else
        touch /var/lib/pacman/db.lck
    fi
}
TOOLS
. /opt/own/tools

program() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
    chmod 0755 "$1"
}

# Programs that roles run.
judge='#!/bin/sh
if grep -q bad "$1"; then echo bad >&2; exit 1; fi'
said() { printf '#!/bin/sh\n%s\n' "$2" | program "/usr/local/bin/$1"; }
said make-token 'printf t >/srv/token; echo yes'
said sweep 'rm -rf /srv/old'
said broken 'echo no >&2; exit 3'
said poke 'printf p >/srv/poked; echo poked >/srv/a; systemctl start idle; echo poked'
said quiet-poke 'printf p >/srv/quiet'
said network 'printf p >/srv/network'
said tell 'echo told'
said ask 'echo on'
said ask-no 'echo no >&2; exit 1'
said ask-a 'exec cat /srv/a'
said x 'exec sleep infinity'
ln -s /usr/local/bin/x /usr/bin/x
# A server of one port, which is there once its unit has started.
program /usr/local/bin/serve <<'PERL'
#!/usr/bin/perl
use IO::Socket::INET;
$SIG{PIPE} = 'IGNORE';
my $port = shift;
my $socket = IO::Socket::INET->new(LocalPort => $port, Listen => 9, ReuseAddr => 1)
    or die "cannot listen: $!";
fork and exit;
while (my $client = $socket->accept) {
    print $client "220 here ESMTP\r\n" if $port == 25;
    while (<$client>) {
        if ($port == 25) {
            if (/^quit/i) { print $client "221 bye\r\n"; last }
            print $client "250 here\r\n";
        } elsif (/^\r?$/) {
            print $client "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlocal";
            last;
        }
    }
    close $client;
}
PERL

# Units of the host's own, and those of packages.
unit() { # NAME LINE…
    mkdir -p "${root:-}/usr/lib/systemd/system"
    name=$1
    shift
    printf '%s\n' "$@" >"${root:-}/usr/lib/systemd/system/$name.service"
}
sleeps='ExecStart=/usr/bin/sleep infinity
ExecReload=/bin/true'
install='[Install]
WantedBy=multi-user.target'
root=
unit base '[Service]' "$sleeps" "$install"
unit idle '[Service]' "$sleeps" "$install"
unit hidden '[Service]' "$sleeps" "$install"
unit once '[Service]' Type=oneshot ExecStart=/bin/true
unit serving '[Unit]' Wants=idle.service '[Service]' Type=forking StateDirectory=serving \
    "ExecStart=/bin/sh -c 'echo ready >/run/serving.ready; sleep infinity &'" \
    ExecReload=/bin/true "$install"
systemctl -q enable base hidden
systemctl -q mask hidden

# Packages: pack NAME VERSION writes one of $root, with $needs, $provides, $configures (a script,
# run whenever it is configured), $unit (enabled and started by it on Debian, not on Arch).
begin() {
    root=$(mktemp -d)
    chmod 0755 "$root"
    needs= provides= configures=: unit=
}
pack() {
    if command -v dpkg-deb >/dev/null; then deb "$1" "$2"; else pkg "$1" "$2"; fi
    rm -r "$root"
    root=
}
deb() {
    mkdir "$root/DEBIAN"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: all\n' "$1" "$2"
        printf 'Maintainer: m <m@lab.test>\nDescription: %s\n' "$1"
        [ -z "$needs" ] || echo "Depends: $needs"
        [ -z "$provides" ] || printf 'Provides: %s\nConflicts: %s\n' "$provides" "$provides"
    } >"$root/DEBIAN/control"
    (cd "$root" && find etc -type f 2>/dev/null | sed 's,^,/,') >"$root/DEBIAN/conffiles" || true
    # As debhelper writes them.
    { printf '#!/bin/sh\nset -e\n[ "$1" = configure ] || exit 0\n%s\n' "$configures"
        [ -z "$unit" ] || cat <<SCRIPT; } >"$root/DEBIAN/postinst"
deb-systemd-helper unmask $unit.service >/dev/null || true
if deb-systemd-helper --quiet was-enabled $unit.service; then
    deb-systemd-helper enable $unit.service >/dev/null || true
else
    deb-systemd-helper update-state $unit.service >/dev/null || true
fi
systemctl --system daemon-reload >/dev/null || true
if [ -n "\$2" ]; then action=restart; else action=start; fi
deb-systemd-invoke \$action $unit.service >/dev/null || true
SCRIPT
    if [ -n "$unit" ]; then
        cat >"$root/DEBIAN/prerm" <<SCRIPT
#!/bin/sh
set -e
[ "\$1" != remove ] || deb-systemd-invoke stop $unit.service >/dev/null || true
SCRIPT
        cat >"$root/DEBIAN/postrm" <<SCRIPT
#!/bin/sh
set -e
[ "\$1" != remove ] || systemctl --system daemon-reload >/dev/null || true
[ "\$1" != purge ] || deb-systemd-helper purge $unit.service >/dev/null || true
SCRIPT
        chmod 0755 "$root/DEBIAN/prerm" "$root/DEBIAN/postrm"
    fi
    chmod 0755 "$root/DEBIAN/postinst"
    file=/opt/own/${1}_$2.deb
    dpkg-deb -b "$root" "$file" >/dev/null
    {
        dpkg-deb -f "$file"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${file##*/}" "$(stat -c %s "$file")" \
            "$(sha256sum "$file" | cut -d' ' -f1)"
    } >>/opt/own/Packages
}
pkg() {
    file=/opt/own/${1}_$2.pkg.tar.gz
    (cd "$root" && find etc -type f 2>/dev/null) >/opt/backups || true
    {
        printf 'pkgname = %s\npkgbase = %s\npkgver = %s-1\npkgdesc = %s\n' "$1" "$1" "$2" "$1"
        printf 'builddate = 0\npackager = lab\nsize = 1\narch = any\n'
        [ -z "$needs" ] || echo "depend = $needs"
        [ -z "$provides" ] || printf 'provides = %s\nconflict = %s\n' "$provides" "$provides"
        sed 's/^/backup = /' /opt/backups
    } >"$root/.PKGINFO"
    printf 'post_install() {\n%s\n}\npost_upgrade() {\npost_install\n}\n' "$configures" >"$root/.INSTALL"
    (cd "$root" && tar --owner=0 --group=0 -czf "$file" .PKGINFO .INSTALL $(ls))
    # The newest is packed last.
    rm -rf /opt/own/db/"$1"-*
    mkdir -p "/opt/own/db/$1-$2-1"
    {
        printf '%%FILENAME%%\n%s\n\n%%NAME%%\n%s\n\n%%BASE%%\n%s\n\n' "${file##*/}" "$1" "$1"
        printf '%%VERSION%%\n%s-1\n\n%%CSIZE%%\n%s\n\n' "$2" "$(stat -c %s "$file")"
        printf '%%ISIZE%%\n1\n\n%%ARCH%%\nany\n\n%%DESC%%\n%s\n\n' "$1"
        [ -z "$needs" ] || printf '%%DEPENDS%%\n%s\n\n' "$needs"
        [ -z "$provides" ] ||
            printf '%%PROVIDES%%\n%s\n\n%%CONFLICTS%%\n%s\n\n' "$provides" "$provides"
    } >"/opt/own/db/$1-$2-1/desc"
}

begin
mkdir -p "$root/usr/lib"
printf lib >"$root/usr/lib/lib.so"
pack lib 1

for version in 1 2; do
    begin
    mkdir -p "$root/etc/alpha" "$root/usr/bin"
    echo distribution >"$root/etc/alpha/alpha.conf"
    echo "$judge" | program "$root/usr/bin/alpha-tool"
    unit alpha '[Service]' Type=forking 'ExecStart=/usr/local/bin/serve 80' \
        ExecReload=/bin/true "$install"
    needs=lib unit=alpha
    configures='getent group alpha >/dev/null || groupadd -g 300 alpha
getent passwd alpha >/dev/null ||
    useradd -M -u 300 -g alpha -d /var/lib/alpha -s /usr/sbin/nologin alpha
printf "/bin/sh\n/bin/alpha\n" >/etc/shells'
    pack alpha $version
done

begin
mkdir -p "$root/usr/sbin" "$root/usr/bin"
# On Arch all programs are in one folder.
sbin=$root/usr/sbin
[ ! -h /usr/sbin ] || { rmdir "$sbin"; sbin=$root/usr/bin; }
printf '#!/bin/sh\n%s\n' 'case $1 in -s) exec cat "${2#*:}.db" ;; esac
cp "${1#*:}" "${1#*:}.db"' | program "$sbin/postmap"
printf '#!/bin/sh\n%s\n' 'grep -q "root: admin@example.org" /etc/aliases.db && echo admin@example.org' |
    program "$sbin/postalias"
printf '#!/bin/sh\ncp /etc/aliases /etc/aliases.db\n' | program "$root/usr/bin/newaliases"
unit beta '[Service]' Type=forking 'ExecStart=/usr/local/bin/serve 25' ExecReload=/bin/true "$install"
provides=mta unit=beta configures='echo generated >/etc/beta.generated'
pack beta 1

begin
mkdir -p "$root/etc/gamma"
echo distribution >"$root/etc/gamma/gamma.conf"
unit gamma '[Service]' 'ExecStartPre=/usr/bin/test -e /etc/gamma/own.conf' "$sleeps" "$install"
provides=mta unit=gamma
pack gamma 1

begin
mkdir -p "$root/var/lib/plain"
printf data >"$root/var/lib/plain/data"
pack plain 1

if command -v apt-get >/dev/null; then
    echo 'deb [trusted=yes] file:/opt/own ./' >/etc/apt/sources.list
    apt-get -qq update
else
    (cd /opt/own/db && tar -czf ../own.db *)
    sed -i -e 's/^\[extra\]/[own]/' -e 's,^Server = .*,Server = file:///opt/own,' /etc/pacman.conf
    pacman -Sy --noconfirm >/dev/null
fi
systemctl daemon-reload
