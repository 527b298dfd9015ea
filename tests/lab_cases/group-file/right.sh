getent group zz | grep :5999: && groupdel zz
