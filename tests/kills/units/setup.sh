mkdir -p /etc/systemd/system/base.service.d
printf '[Service]\nEnvironment=A=old\n' > /etc/systemd/system/base.service.d/own.conf
# As left by a clock that was set back since.
touch -d '+2 days' /etc/systemd/system/base.service.d/own.conf
systemctl daemon-reload
systemctl -q start base idle
