//! Tasks for real hosts alone: what a host in memory has no likeness of, or only a picture that it
//! shares with the dry run. Most take something along that they do not name, or find what another
//! took along.

use serde_json::{Value, json};

/// How many there are.
pub(in super::super) const COUNT: u8 = 76;

/// Those that meet: accounts, units, packages, files and the kernel.
pub(in super::super) const THEMES: &[&[u8]] = &[
    &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 35, 36, 50, 51, 53, 54, 55, 62, 75],
    &[
        14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 56, 57, 58, 59, 60, 61, 63, 64, 65,
        68, 69, 70, 71, 74,
    ],
    &[39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 69, 70, 72, 73],
    &[28, 29, 30, 31, 32, 33, 34, 37, 38, 49, 52, 66, 67],
];

/// Those that no other task contradicts.
pub(in super::super) fn is_steady(which: u8) -> bool {
    matches!(which, 14 | 15 | 24 | 31 | 37 | 50 | 66 | 67)
}

/// A resource and its parameters.
#[expect(clippy::too_many_lines, reason = "one line for each task")]
pub(in super::super) fn task(which: u8) -> (&'static str, Value) {
    let unit =
        |text: &str| json!(format!("{text}[Service]\nExecStart=/bin/x\nExecReload=/bin/true\n"));
    let file = |path: &str, state: &str| ("file", json!({"path": path, "state": state}));
    let copy = |dest: &str| ("copy", json!({"dest": dest, "content": "a\n"}));
    let stat = |path: &str| ("stat", json!({"path": path}));
    let link = |path: &str, src: &str| {
        ("file", json!({"path": path, "src": src, "state": "link", "force": true}))
    };
    let user = |name: &str, key: &str, value: Value| ("user", json!({"name": name, key: value}));
    let service = |name: &str, state: &str| ("service", json!({"name": name, "state": state}));
    let wants = "/etc/systemd/system/multi-user.target.wants/idle.service";
    match which {
        // Accounts: homes, skeletons, private groups, numbers.
        0 => user("relay", "home", json!("/srv/relay")),
        1 => stat("/srv/relay"),
        2 => copy("/srv/relay/.profile"),
        3 => user("relay", "uid", json!(1600)),
        4 => ("user", json!({"name": "relay", "state": "absent", "remove": true})),
        5 => user("olduser", "home", json!("/srv/moved")),
        6 => user("olduser", "group", json!("staff")),
        7 => ("user", json!({"name": "olduser", "groups": ["g1"], "append": true})),
        8 => ("slurp", json!({"src": "/etc/passwd"})),
        9 => ("lineinfile", json!({"path": "/etc/group", "line": "g2:x:800:"})),
        10 => ("group", json!({"name": "g2"})),
        11 => ("slurp", json!({"src": "/etc/subuid"})),
        12 => ("file", json!({"path": "/srv/numbered", "owner": "other"})),
        13 => ("file", json!({"path": "/srv/olds", "owner": "olduser"})),
        // Units: links, ties, files and drop-ins.
        14 => link(wants, "/usr/lib/systemd/system/idle.service"),
        15 => ("service", json!({"name": "idle", "enabled": true})),
        16 => service("idle", "stopped"),
        17 => (
            "copy",
            json!({"dest": "/etc/systemd/system/rival.service", "content": format!(
                "[Unit]\nConflicts=base.service\n[Service]\nRuntimeDirectory=rival\nExecStart=/bin/x\n\
                 [Install]\nWantedBy=multi-user.target\n")}),
        ),
        18 => service("rival", "started"),
        19 => stat("/run/rival"),
        20 => service("base", "started"),
        21 => ("service", json!({"name": "rival", "state": "started", "enabled": true})),
        22 => ("service", json!({"name": "many@1", "state": "started", "enabled": true})),
        23 => service("many@1", "stopped"),
        24 => (
            "copy",
            json!({"dest": "/etc/systemd/system/idle.service.d/own.conf",
                   "content": "[Service]\nEnvironment=A=b\n"}),
        ),
        25 => service("idle", "restarted"),
        26 => ("copy", json!({"dest": "/etc/systemd/system/idle.service", "content": unit("")})),
        27 => file("/etc/systemd/system/own.service", "absent"),
        // Links that lead nowhere yet.
        28 => link("/srv/nowhere", "/srv/absent"),
        29 => copy("/srv/nowhere/x"),
        30 => file("/srv/absent", "directory"),
        // The kernel's settings, and the host's name.
        31 => ("sysctl", json!({"name": "net.ipv4.ip_forward", "value": 1})),
        32 => ("sysctl", json!({"name": "net.ipv4.conf.all.forwarding", "value": 0})),
        33 => ("hostname", json!({"name": "another"})),
        34 => ("copy", json!({"dest": "/srv/named", "content": "{{ ansible_hostname }}\n"})),
        35 => (
            "authorized_key",
            json!({"user": "olduser", "key": "ssh-ed25519 \
                   AAAAC3NzaC1lZDI1NTE5AAAAIJ3KqTLLzU1s3d1dEYFUcN2E2ZmVzdGtleWFuZG5vdGhp ann@home"}),
        ),
        36 => {
            ("cron", json!({"name": "own", "cron_file": "own", "user": "olduser", "job": "true"}))
        }
        37 => copy("/lib/own.conf"),
        38 => stat("/usr/lib/own.conf"),
        // Packages, and what they leave, start and stop.
        39 => file("/usr/lib/lib.so", "absent"),
        40 => stat("/usr/bin/alpha-tool"),
        41 => ("slurp", json!({"src": "/etc/shells"})),
        42 => stat("/etc/alpha"),
        43 => ("package", json!({"name": ["lib"], "state": "absent"})),
        44 => service("alpha", "started"),
        45 => service("alpha", "stopped"),
        46 => ("package", json!({"name": ["alpha"], "state": "latest"})),
        47 => ("package", json!({"name": ["alpha", "gamma"], "state": "absent"})),
        48 => ("wait_for", json!({"port": 25, "timeout": 1})),
        49 => ("file", json!({"path": "/srv/site", "state": "directory", "mode": "0700"})),
        // A folder's group is inherited, owners change, folders of the running system.
        50 => file("/srv/shared/dir", "directory"),
        51 => ("file", json!({"path": "/home/olduser", "owner": "root"})),
        52 => file("/run/own", "directory"),
        53 => ("user", json!({"name": "olduser", "state": "absent"})),
        54 => ("user", json!({"name": "other", "home": "/home/olduser"})),
        55 => ("find", json!({"paths": "/home"})),
        56 => link("/etc/systemd/system/base.service", "/dev/null"),
        57 => ("service", json!({"name": "base", "masked": false})),
        58 => service("hidden", "started"),
        59 => service("serving", "stopped"),
        60 => file("/var/lib/serving", "absent"),
        61 => service("serving", "restarted"),
        62 => (
            "replace",
            json!({"path": "/etc/passwd", "regexp": "/home/olduser", "replace": "/srv/moved"}),
        ),
        63 => file(wants, "absent"),
        64 => ("service", json!({"name": "idle", "enabled": false})),
        65 => (
            "copy",
            json!({"dest": "/etc/systemd/system/follower.service", "content":
                "[Unit]\nPartOf=base.service\nRequires=base.service\nAfter=base.service\n[Service]\n\
                 StateDirectory=follower\nExecStart=/bin/x\n[Install]\nWantedBy=multi-user.target\n"}),
        ),
        66 => copy("/srv/own/x"),
        67 => ("file", json!({"path": "/srv/own", "state": "directory"})),
        68 => ("service", json!({"name": "follower", "state": "started", "enabled": true})),
        69 => service("base", "stopped"),
        70 => service("base", "restarted"),
        71 => stat("/var/lib/follower"),
        72 => ("service", json!({"name": "alpha", "masked": true})),
        73 => ("package", json!({"name": ["alpha=1"]})),
        74 => {
            ("file", json!({"path": "/var/lib/serving", "state": "directory", "owner": "olduser"}))
        }
        _ => ("group", json!({"name": "oldgroup", "state": "absent"})),
    }
}
