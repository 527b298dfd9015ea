ls /etc/rc5.d/S??old1 && ! ls /etc/rc5.d/S??old2 2>/dev/null && systemctl is-active old1
