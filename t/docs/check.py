#!/usr/bin/env python3
"""check.py PAGE_MARKDOWN [CORPUS...]

Runs the crawler's extraction over the documentation packages that are installed,
renders its Markdown back with cmark-gfm, and compares with what an independent
reader finds in the pages: every word of the main content in order and no other
(so no navigation), every <pre> as a fence with its text to the letter, every
table's cells, every link absolute.  TAP on stdout; what is missing is skipped.
T_PAGES=20 looks at that many pages of each corpus, spread over it.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source tree stays as it is
from reading import Page, Rules, differ, plain

DOC = '/usr/share/doc/'
CORPORA = {
    'postgresql-doc-15': (DOC + 'postgresql-doc-15/html', '**/*.html', Rules(
        ('body', 'id', 'docContent'),
        [('div', 'class', 'navheader'), ('div', 'class', 'navfooter')], [('div', 'class', 'toc')])),
    'python3-doc': (DOC + 'python3.11/html', '**/*.html', Rules(
        ('div', 'role', 'main'),
        [('a', 'class', 'headerlink'), ('span', 'class', 'viewcode-link'), ('*', 'class', 'linenos')],
        [('nav', 'class', 'contents'), ('div', 'class', 'contents')])),
    'sqlite3-doc': (DOC + 'sqlite3', '**/*.html', Rules(
        ('body', None, None),
        [('div', 'class', 'menu'), ('div', 'class', 'searchmenu'), ('*', 'class', 'hideme'),
         ('div', 'class', 'tagline'), ('img', 'class', 'logo')],
        [('div', 'class', 'fancy_toc')])),
    'git-doc': (DOC + 'git-doc', '**/*.html', Rules(
        ('body', None, None), [('div', 'id', 'footer')], [('div', 'id', 'toc'), ('div', 'class', 'toc')])),
    'cmake-doc': ('/usr/share/doc/cmake-data/html', '**/*.html', Rules(
        ('div', 'role', 'main'), [('a', 'class', 'headerlink'), ('*', 'class', 'linenos')],
        [('nav', 'class', 'contents'), ('div', 'class', 'contents')])),
    'libjson-c-doc': (DOC + 'libjson-c-dev/html', '**/*.html', Rules(
        ('body', None, None),
        [('div', 'class', 'summary'), ('div', 'class', 'dynheader'), ('div', 'class', 'dyncontent'),
         ('div', 'id', 'top'), ('hr', 'class', 'footer'), ('address', 'class', 'footer'),
         ('*', 'class', 'lineno'), ('div', 'class', 'ttc'), ('a', 'class', 'permalink'), ('span', 'class', 'permalink')], [])),
}


def pages_of(root, pattern):
    return sorted(p for p in glob.glob(os.path.join(root, pattern), recursive=True) if os.path.isfile(p))


def read(path):
    with open(path, 'rb') as f:
        data = f.read()
    m = re.search(rb'charset=["\']?([\w-]+)', data[:2048])
    try:
        return data.decode('utf-8')
    except UnicodeDecodeError:
        return data.decode(m.group(1).decode() if m else 'cp1252', 'replace')


CONTAINER = re.compile(r'((?:> ?|  +|[-:] |\d+\. )*)')


def definitions_to_lists(md):
    """GFM knows no definition lists: ': ' before a definition becomes '- '."""
    out, fence = [], None
    for line in md.split('\n'):
        prefix = CONTAINER.match(line).group(1)
        rest = line[len(prefix):]
        ticks = re.match(r'`{3,}', rest)
        if fence:
            if rest.rstrip() == fence:
                fence = None
        else:
            if ': ' in prefix:
                line = prefix.replace(': ', '- ') + rest
            if ticks and '`' not in rest[len(ticks.group()):]:
                fence = ticks.group()
        out.append(line)
    return '\n'.join(out)


def render(md):
    r = subprocess.run(['cmark-gfm', '-e', 'table', '-e', 'strikethrough', '--unsafe'],
                       input=definitions_to_lists(md).encode(), stdout=subprocess.PIPE, check=True)
    return r.stdout.decode()


def check_words(page, back):
    at = differ(page.words, back.words)
    if at is None:
        return 0, None
    i, j = at
    return i, 'words differ at %d: page has "%s", Markdown has "%s"' % (
        i, ' '.join(map(plain, page.words[max(0, i - 5):i + 8])), ' '.join(back.words[max(0, j - 5):j + 8]))


def check_code(page, back):
    fences = list(back.pres)
    for i, code in enumerate(page.pres):
        if code not in fences:
            return '<pre> %d is no fence to the letter: %r; the fences: %r' % (i, code[:300], [f[:120] for f in fences[:4]])
        fences.remove(code)
    return None


def check_tables(page, back):
    got = [[c for c in t['cells'] if c] for t in back.tables]
    for table in page.tables:
        cells = [[plain(w) for w in c] for c in table['cells'] if c]
        flat = [w for c in cells for w in c]
        if cells in got:
            got.remove(cells)
        elif not table['rich'] and len(cells) > 2 and flat in [[w for c in t for w in c] for t in got]:
            return 'cells of a table differ: %r' % cells[:6]
    return None


def check_links(back):
    for link in back.links:
        if not re.match(r'https?://[^/\s]|mailto:', link):
            return 'link is not absolute: %s' % link
    return None


def check_page(html, md, rules):
    back = Page(render(md), Rules())
    back.words = [plain(w) for w in back.words]
    wrong = []
    for with_toc in (False, True):
        page = Page(html, rules, with_toc)
        at, problem = check_words(page, back)
        if problem is None:
            break
        wrong.append((at, problem))
    if problem is not None:
        problem = max(wrong)[1]
    found = [problem, check_code(page, back), check_tables(page, back), check_links(back)]
    return [p for p in found if p], len(page.words), len(page.pres), len(page.tables)


def check_corpus(tool, root, pattern, rules):
    paths = pages_of(root, pattern)
    some = int(os.environ.get('T_PAGES', '0'))
    if some:
        paths = paths[::max(1, len(paths) // some)]
    if os.environ.get('T_ONLY'):
        paths = [p for p in paths if os.environ['T_ONLY'] in p]
    sums, bad = [0, 0, 0], []
    with tempfile.TemporaryDirectory() as out:
        lines = ''.join('%s\thttp://docs.example.org/%s\n' % (p, os.path.relpath(p, root)) for p in paths)
        subprocess.run([tool, out], input=lines.encode(), check=True)
        for i, path in enumerate(paths):
            with open('%s/%d.md' % (out, i + 1), encoding='utf-8', newline='') as f:
                problems, *counts = check_page(read(path), f.read(), rules)
            sums = [a + b for a, b in zip(sums, counts)]
            bad += [(os.path.relpath(path, root), p) for p in problems]
    return paths, sums, bad


def main():
    tool, names = os.path.abspath(sys.argv[1]), sys.argv[2:] or list(CORPORA)
    failed = 0
    print('1..%d' % len(names))
    for n, name in enumerate(names, 1):
        root, pattern, rules = CORPORA[name]
        if not pages_of(root, pattern) or not shutil.which('cmark-gfm'):
            print('ok %d - %s # SKIP %s is not installed' % (n, name, name if shutil.which('cmark-gfm') else 'cmark-gfm'))
            continue
        paths, sums, bad = check_corpus(tool, root, pattern, rules)
        print('%sok %d - %s: %d pages, %d words, %d <pre>, %d tables' %
              (('not ' if bad else ''), n, name, len(paths), *sums))
        for path, problem in bad[:int(os.environ.get('T_SHOW', '20'))]:
            print('# %s: %s' % (path, problem))
        if bad:
            failed += 1
            print('# %d problems on %d pages' % (len(bad), len({p for p, _ in bad})))
        sys.stdout.flush()
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
