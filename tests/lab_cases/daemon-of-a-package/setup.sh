(apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -y purge msmtp-mta postfix; DEBIAN_FRONTEND=noninteractive apt-get -y install exim4-daemon-light) >/dev/null 2>&1; systemctl start exim4
