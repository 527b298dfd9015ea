systemctl stop slow 2>/dev/null
printf '[Service]\nExecStart=/bin/sleep infinity\nExecStop=/bin/sleep 3\n' >/etc/systemd/system/slow.service
systemctl daemon-reload; systemctl start slow
