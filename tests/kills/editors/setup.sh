printf '# settings\nlevel = 1\nname = old\n\n[end]\n' > /etc/app.conf
printf 'a\r\nb\r\n' > /etc/dos.conf
chmod 0640 /etc/app.conf; chgrp mail /etc/app.conf
mkdir -p /etc/app.d; ln -s ../app.conf /etc/app.d/10-app.conf
