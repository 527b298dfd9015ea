systemctl stop rt 2>/dev/null; rm -rf /etc/systemd/system/rt.service /var/lib/rt; systemctl daemon-reload
userdel -r newcomer 2>/dev/null
