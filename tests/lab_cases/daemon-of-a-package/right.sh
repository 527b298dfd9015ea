! systemctl -q is-active exim4
