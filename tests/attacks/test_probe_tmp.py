import time, pytest
from tests.attacks import wire
from tests.attacks.wire import Socket, get, exchange
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor

def show(name, a):
    print(name, a.status, dict(a.headers).get("content-security-policy","-")[:20], a.body[:100])

def test_probe(house, secure, inside):
    p = house.port
    tok = visitors.token(visitors.anonymous())
    show("nul path file", get(p, "/chat/files/%00abc", f"Authorization: Bearer {tok}"))
    show("nul path", get(p, "/x%00abc"))
    show("query non ascii", get(p, "/chat/?a=\xff"))
    show("path non ascii", get(p, "/chat/\xff"))
    show("nul cookie", get(p, "/staff/login/", 'Cookie: trustdesk="\\000\\000\\000\\000\\000\\000\\000\\000\\000"'))
    show("404", get(p, "/nope"))
    show("badhost", get(p, "/chat/", host="evil.example"))
    show("CLTE", exchange(p, b"POST /chat/transcript/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"))
    show("2CL", exchange(p, b"POST /chat/transcript/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"))
    show("many", get(p, "/chat/", *["X-A: b"]*10000))
    show("big", get(p, "/chat/", "X-A: " + "b"*70000))
    show("413", exchange(p, b"POST /chat/transcript/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n"))
    show("trace", get(p, "/chat/", method="TRACE"))
    show("options", get(p, "/chat/", method="OPTIONS"))
    show("absurl", get(p, "http://evil.example/chat/"))
    show("CONNECT", get(p, "evil.example:80", method="CONNECT"))
    show("*", get(p, "*", method="OPTIONS"))
    m = house.memory()
    l = wire.connect(p)
    try:
        l.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        for i in range(300): l.sendall((b"X-%d: "%i) + b"a"*60000 + b"\r\n")
        for i in range(100000): l.sendall(b"".join(b"X-%d-%d: a\r\n" % (i,j) for j in range(100))) if i<1000 else None
        time.sleep(1)
    except OSError as e: print("endless headers refused", e)
    print("endless headers rss +", (house.memory()-m)/1e6)
    l.close()
    print(house.server.output()[-3000:])

def test_ws(secure):
    p = secure.port
    for proto in ("https", "http", None):
        try:
            s = Socket(p, host="support.example.test", origins=("https://support.example.test",), headers=(f"X-Forwarded-Proto: {proto}",) if proto else ())
            print(proto, s.hello()["t"])
        except wire.Refused as r: print(proto, r)
    show("http", get(p, "/chat/", host="support.example.test"))
    show("us", get(p, "/chat/", "X_Forwarded_Proto: https", host="support.example.test"))
    show("https", get(p, "/chat/", "X-Forwarded-Proto: https", host="support.example.test"))
    show("431", get(p, "/chat/", *["X-A: b"]*10000, host="support.example.test"))
