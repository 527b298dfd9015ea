. /opt/own/tools
put /opt/own/lib_1.* /opt/own/alpha_1.*
put /opt/own/plain_1.* /opt/own/beta_1.*
systemctl -q enable --now alpha beta
