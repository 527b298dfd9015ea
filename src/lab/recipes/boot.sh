# Boots one host in a mount namespace of its own, so that every mount it needs vanishes with it.
# $1 its control group, $2 the overlay's options, $3 the mount point; the rest is the command.
set -eu
echo $$ >"$1/cgroup.procs"
# Hosts see the control groups of a machine of today, whatever this one has.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# systemd-nspawn leaves its notes there.
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd
mount -t overlay overlay -o "$2" "$3"
shift 3
exec "$@"
