echo 'net.ipv4.conf.all.log_martians = 0' > /etc/sysctl.conf
