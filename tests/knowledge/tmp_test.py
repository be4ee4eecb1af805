import time, pytest
from pathlib import Path
from trustdesk.knowledge import folder, importing, library, rendering, search, exporting
from trustdesk.knowledge.models import Article
@pytest.mark.django_db
def test_a(tmp_path, settings):
    settings.MEDIA_ROOT=tmp_path
    root=Path("/tmp/foreign/big")
    c=time.process_time; t=c(); f=folder.read(root, language="en"); print("read",c()-t, len(f.articles), len(f.sections))
    from collections import Counter
    print(Counter((p.fatal, p.message[:60]) for p in f.problems).most_common(30))
    t=c(); print(importing.put(f, root=root)); print("put cpu",c()-t)
    library.forget(); lib=library.current(); t=c(); n=0
    for node in lib.nodes.values():
        if node.article:
            r=rendering.render(Article.objects.get(pk=node.id), lib, "en"); n+=1
            assert "<script" not in r.body
    print("rendered", n, c()-t, max(len(x.path) for x in lib.nodes.values()))
    search.forget(); t=c(); search.warm(); print("index", c()-t); print([x.node.path for x in search.find("server side rendering cache", language="en").results][:4])
    print(exporting.write(tmp_path/"out")); g=folder.read(tmp_path/"out", language="en"); print(len(g.fatal()), [str(p) for p in g.fatal()[:5]]); print(importing.put(g, root=tmp_path/"out") if not g.fatal() else "")
