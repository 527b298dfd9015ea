groupdel zz 2>/dev/null; true
