# Makes Debian's Postfix behave as Arch's, which is built without Berkeley DB: lmdb is the default
# map type, and hash and btree are types that nobody knows. The names have the same lengths, so
# strings are exchanged in place; where one string serves several purposes, the pointer (an ELF
# relocation: place, type, target, 8 bytes each) is turned instead.
# Arguments: postconf, libpostfix-global.so, libpostfix-util.so.
use strict;
use warnings;

my ( $postconf, $global, $util ) = @ARGV;

edit( $postconf, sub { exchange( $_[0], "hash", "lmdb" ); aliases( $_[0] ) } );
edit( $global,   sub {
    my $text  = shift;
    my $name  = pointer_to( $text, address( $text, "default_database_type" ) );
    turn( $text, $name + 8, address( $text, "lmdb" ) );
    # What builds maps.
    exchange( $text, "hash",  "-ash" );
    exchange( $text, "btree", "-tree" );
    aliases($text);
} );
edit( $util, sub {
    my $text = shift;
    # What opens maps; "hash" is the end of "texthash" there.
    exchange( $text, "btree", "-tree" );
    my $hash = address( $text, "texthash" ) + 4;
    turn( $text, pointer_to( $text, $hash ), address( $text, "-tree" ) );
} );

sub edit {
    my ( $file, $change ) = @_;
    open my $in, '<:raw', $file or die "$file: $!";
    my $text = do { local $/; <$in> };
    $change->( \$text );
    open my $out, '+<:raw', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}

sub exchange {
    my ( $text, $old, $new ) = @_;
    $$text =~ s/\0\Q$old\E\0/\0$new\0/g or die "no string $old";
}

sub aliases { my $text = shift; $$text =~ s/\0hash:(?=\/etc\/aliases)/\0lmdb:/g }

# In these files the read-only data lies at the address of its offset.
sub address {
    my ( $text, $string ) = @_;
    my $at = index $$text, "\0$string\0";
    die "no string $string" if $at < 0;
    return $at + 1;
}

# The place that is made to point at an address.
sub pointer_to {
    my ( $text, $address ) = @_;
    my $at = index $$text, pack( 'QQ', 8, $address );
    die "no pointer to $address" if $at < 8;
    return unpack 'Q', substr $$text, $at - 8, 8;
}

sub entry {
    my ( $text, $place ) = @_;
    my $at = index $$text, pack( 'QQ', $place, 8 );
    die "no pointer at $place" if $at < 0;
    return $at + 16;
}

sub turn {
    my ( $text, $place, $address ) = @_;
    substr( $$text, entry( $text, $place ), 8 ) = pack 'Q', $address;
}
