systemctl stop clock 2>/dev/null
printf '[Service]\nExecStart=/bin/sleep 100001\n' > /etc/systemd/system/clock.service
touch -d '+1 day' /etc/systemd/system/clock.service
systemctl daemon-reload; systemctl start clock
