mkdir -p /etc/again.d
printf 'old\n' > /etc/again.conf
printf '[Service]\nExecStartPre=/bin/cp /etc/again.conf /run/again.loaded\nExecStart=/usr/bin/sleep infinity\nExecReload=/bin/cp /etc/again.conf /run/again.loaded\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/again.service
touch -d '+2 days' /etc/systemd/system/again.service
systemctl daemon-reload; systemctl -q enable --now again
