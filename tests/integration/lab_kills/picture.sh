# Tells what a host is like, a line each. Left out is what every installation makes differently:
# keys, caches, times, the account files' backups.
export LC_ALL=C
cd /
names() { # FOLDER…
    find "$@" -xdev \( -path /etc/ssl -o -path /var/lib/converge -o -path /var/lib/apt \
        -o -path '/etc/pacman.d/gnupg' -o -path '/var/spool/postfix/*/*' -o -path /var/lib/systemd/random-seed \
        -o -path /var/lib/dpkg/updates -o -path '/usr/share/man' -o -path '/usr/share/mime' \) -prune -o \
        ! -name '*-' ! -name '*-old' ! -name '*.lock' ! -name 'lock*' ! -name ld.so.cache \
        ! -name .updated ! -name '*.pyc' -printf '%p %y %m %u:%g %l\n'
}
names /etc /srv /home /root /opt /usr /var/lib /var/spool /var/mail
find /etc /srv /home /root /usr/local /usr/lib/systemd -xdev -path /etc/ssl -prune -o \
    -path /etc/pacman.d/gnupg -prune -o \
    -type f ! -name '*-' ! -name ld.so.cache ! -name .updated ! -name machine-id \
    ! -name '*.db' ! -name '*.lmdb' ! -path /etc/shadow ! -path /srv/counted ! -path /srv/tries \
    -exec sha256sum {} +
# Salts and days.
sed -E 's/^([^:]*):(\$[^:]*)?([^:]*):[^:]*/\1:\3/' /etc/shadow
sort -u /srv/counted 2>/dev/null || true
# What daemons run with.
for file in /run/*.loaded; do
    [ ! -e "$file" ] || sed "s,^,$file: ," "$file"
done
systemctl list-unit-files --no-legend --no-pager --plain | awk '{print "unit file", $1, $2}'
systemctl list-units --no-legend --no-pager --plain --all --type=service,timer,socket \
    --state=active,failed,activating | awk '{print "unit", $1, $3, $4}'
systemctl show '*' -p Id,NeedDaemonReload | awk -F= '/^Id=/ {id = $2} /NeedDaemonReload=yes/ {print "not read again", id}'
ls -A /run/systemd/system /run/converge/held 2>/dev/null
find /tmp /var/tmp -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' ! -name '.*-unix' -printf 'left %p\n'
if command -v pacman >/dev/null; then
    pacman -Q
    pacman -Qqe | sed 's/^/wanted /'
else
    dpkg-query -W -f '${Package} ${Status} ${Version}\n'
    apt-mark showmanual | sed 's/^/wanted /'
fi
for table in /etc/postfix/transport.db /etc/postfix/transport.lmdb; do
    [ ! -e "$table" ] || postmap -s "$(echo "$table" | sed 's,^\(.*\)\.\(.*\)$,\2:\1,; s,^db:,hash:,')" | sed "s,^,$table: ,"
done
[ ! -e /etc/aliases.db ] || for name in root postmaster; do
    echo "alias $name: $(postalias -q $name hash:/etc/aliases 2>/dev/null)"
done
hostname
