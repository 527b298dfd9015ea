# What both families share. Sourced by build.sh.

# The recipe's own files may have come with another.
umask 022
chmod -R u=rwX,go=rX "$(dirname "$0")"

# A Debian tree without any mail program: roles must install what they need.
debian_tree() { # TREE EXTRA-PACKAGES
    mmdebstrap --quiet --variant=minbase \
        --include="systemd,systemd-sysv,dbus,openssh-server,sudo,iproute2,netbase,procps,ca-certificates${2:+,$2}" \
        bookworm "$1"
    # Each host gets its own.
    rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/hostname" "$1/etc/machine-id" "$1/etc/resolv.conf"
    # They would take apt's lock at a moment of their own choosing.
    for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer; do
        ln -sf /dev/null "$1/etc/systemd/system/$unit"
    done
    mkdir -p "$1/etc/systemd/system-generators"
    # Each reload of systemd would start them all, and no host of ours has disks, partitions or a kernel
    # command line of its own.
    for generator in bless-boot cryptsetup debug gpt-auto hibernate-resume integritysetup run \
        system-update veritysetup; do
        ln -sf /dev/null "$1/etc/systemd/system-generators/systemd-$generator-generator"
    done
    # Nobody sits at the console.
    ln -sf /dev/null "$1/etc/systemd/system/console-getty.service"
}

# apt of this machine, looking at the tree's packages and at the tree's sources.
apt_for() { # TREE SCRATCH ARGS…
    tree=$1 scratch=$2
    shift 2
    mkdir -p "$scratch/state/lists/partial" "$scratch/cache/archives/partial"
    apt-get -qq -y \
        -o Dir::Etc::SourceList="$tree/etc/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State="$scratch/state" -o Dir::State::status="$tree/var/lib/dpkg/status" \
        -o Dir::Cache="$scratch/cache" -o APT::Install-Recommends=0 -o Debug::NoLocking=1 \
        -o APT::Sandbox::User=root "$@"
}
