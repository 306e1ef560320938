# Answers every request with "ok".
use strict;
use warnings;
use IO::Socket::INET;

$SIG{PIPE} = 'IGNORE';
my $door = IO::Socket::INET->new(LocalPort => 8080, Listen => 64, ReuseAddr => 1) or die "listen on port 8080: $@\n";
while (1) {
    my $client = $door->accept or next;
    eval {
        local $SIG{ALRM} = sub { die "it says nothing\n" };
        alarm 2;
        while (defined(my $line = <$client>)) { last if $line =~ /^\r?\n$/ }
        print $client "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        alarm 0;
    };
    alarm 0;
    close $client;
}
