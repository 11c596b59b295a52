/** Every way of writing a forbidden target that the security matrix names (security.md F4.1), and its kin. */
export const BLOCKED_URLS: string[] = [
  // IPv4: decimal, hexadecimal, octal, short and mixed forms
  "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/",
  "http://0177.0.0.1/", "http://017700000001/", "http://0x7f.0.0.0x1/", "http://127.0.0.1./", "http://127.1./", "http://0/", "http://0.0.0.0/",
  "http://00000177.0.0.1/", "http://0x0000007f.0.0.1/", "http://%31%32%37.0.0.1/", "http://127%2e0%2e0%2e1/",
  "http:127.0.0.1/", "http://:@127.0.0.1/", "http:/127.0.0.1/", "http:///127.0.0.1/", "HtTp://127.0.0.1/", "hTTpS://127.0.0.1/",
  // unicode digits and dots
  "http://１２７。0。0。1/", "http://１２７.０.０.１/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://127．0．0．1/", "http://127｡0｡0｡1/",
  "http://１６９。２５４。１６９。２５４/", "http://127.0.0.1\u00ad/", "http://127.0.0\u200b.1/",
  // IPv4 ranges
  "http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/",
  "http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/", "http://0xa9fea9fe/", "http://2852039166/",
  "http://100.64.0.1/", "http://100.100.100.200/", "http://100.127.255.255/", "http://192.0.0.1/", "http://192.0.0.192/",
  "http://192.0.2.1/", "http://192.88.99.1/", "http://198.18.0.1/", "http://198.19.255.255/", "http://198.51.100.1/",
  "http://203.0.113.1/", "http://224.0.0.1/", "http://239.255.255.250/", "http://240.0.0.1/", "http://255.255.255.255/",
  "http://168.63.129.16/",
  // IPv6
  "http://[::]/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[0000::0001]/", "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/", "http://[::ffff:8.8.8.8]/", "http://[::127.0.0.1]/", "http://[::7f00:1]/", "http://[::8.8.8.8]/",
  "http://[::ffff:0:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b:1::7f00:1]/",
  "http://[64:ff9b:1:ffff::1]/", "http://[fe80::1]/", "http://[febf::1]/", "http://[fec0::1]/", "http://[fc00::]/", "http://[fd00:ec2::254]/",
  "http://[fdff::1]/", "http://[2002:7f00:1::]/", "http://[2002:a00:1::1]/", "http://[2001:0:7f00:1::]/", "http://[2001::1]/",
  "http://[2001:db8::1]/", "http://[2001:10::1]/", "http://[2001:20::1]/", "http://[ff02::1]/", "http://[100::1]/", "http://[3fff::1]/",
  "http://[5f00::1]/", "http://[4000::1]/", "http://[e000::1]/",
  // names
  "http://localhost/", "http://LOCALHOST/", "http://localhost./", "http://a.localhost/", "http://a.b.localhost./", "http://ｌｏｃａｌｈｏｓｔ/",
  "http://metadata.google.internal/", "http://metadata/", "http://instance-data/", "http://printer.local/", "http://printer.local./",
  "http://db.internal/", "http://intranet/", "http://router.home.arpa/", "http://nas.lan/", "http://wiki.corp/", "http://x.onion/", "http://a..b/",
  // ports that are not HTTP
  "http://example.com:22/", "http://example.com:25/", "http://example.com:6667/", "http://example.com:0/",
];

/** Malformed, or readable in two ways. */
export const INVALID_URLS: string[] = [
  "", "127.0.0.1", "//127.0.0.1/", "/path", "http://", "http://[::1", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
  "http://127.0.0.1:6666\\@1.1.1.1/", "http:\\\\127.0.0.1\\", "http://example.com\\@127.0.0.1/", "http://example.com\\.127.0.0.1/",
  "http://1.1.1.1@127.0.0.1/", "http://user:pass@example.com/", "http://user@example.com/", "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/",
  "http://127.0.0.1\t/", "http://127.0.\n0.1/", "http://exa\rmple.com/", "ht\ntp://127.0.0.1/", "\thttp://127.0.0.1/", "http://example.com/\u0000",
  "http://example.com/\u007f", "http://example.com/\u0085", "http://exa mple.com/", "http://256.256.256.256/", "http://1.2.3.4.5/",
  "http://127.0.0.1:99999/", "http://example.com:port/",
];

export const WRONG_SCHEMES: string[] = [
  "file:///etc/passwd", "FILE:///etc/passwd", "data:text/plain,hi", "blob:http://127.0.0.1/x", "ftp://example.com/", "gopher://127.0.0.1:6379/_",
  "ws://example.com/", "wss://example.com/", "javascript:alert(1)", "dict://127.0.0.1/", "about:blank", "mailto:a@example.com",
];
