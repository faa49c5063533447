"""What a page says, read without the crawler: by Python's html.parser.

page_text() gives the text of a page's main content, the text of each <pre>, the
cells of each table and the links; the same reader reads Markdown that cmark-gfm
has rendered.
"""
import re
from html.parser import HTMLParser

INLINE = set('''a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr
    q rp rt ruby s samp small span strike strong sub sup time tt u var wbr'''.split())
VOID = set('area base br col embed hr img input link meta param source track wbr'.split())
SILENT = set('script style template svg button select textarea head noscript iframe object nav'.split())
# What may be joined to the word before it or not: 10<sup>6</sup> is written 10^6,
# and two pieces of code that touch are parted.
JOINT = '\x01'


class Rules:
    """What of a corpus is main content: (tag, attribute, value) that starts it, and what is left out."""
    def __init__(self, start=None, skip=(), toc=()):
        self.start, self.skip, self.toc = start, skip, toc


def matches(rules, tag, attrs):
    for want, attribute, value in rules:
        if want in (tag, '*'):
            if attribute is None:
                return True
            have = attrs.get(attribute)
            if have is not None and (value in have.split() or value == have):
                return True
    return False


class Reader(HTMLParser):
    def __init__(self, rules, with_toc):
        super().__init__(convert_charrefs=True)
        self.rules, self.with_toc = rules, with_toc
        self.on = rules.start is None
        self.on_tag, self.on_depth = None, 0
        self.skip_tag, self.skip_depth = None, 0
        self.text, self.pres, self.tables, self.links = [], [], [], []
        self.pre, self.pre_depth, self.pre_is_new = None, 0, False
        self.after_code = False
        self.open_tables = []

    # -- what is text ------------------------------------------------------
    def put(self, s):
        self.text.append(s)
        for table in self.open_tables:
            if table['open']:
                table['cells'][-1].append(s)

    def handle_data(self, data):
        if not self.on or self.skip_tag:
            return
        self.after_code = False
        if self.pre is not None:
            if self.pre_is_new and data.startswith('\n'):
                data = data[1:]
            self.pre.append(data)
            self.pre_is_new = False
        self.put(data)

    def handle_starttag(self, tag, attrs):
        attrs = {k: v if v is not None else '' for k, v in attrs}
        if self.skip_tag:
            if tag == self.skip_tag and tag not in VOID:
                self.skip_depth += 1
            return
        self.pre_is_new = False
        if not self.on:
            if matches([self.rules.start], tag, attrs):
                self.on, self.on_tag, self.on_depth = True, tag, 1
            return
        if tag == self.on_tag:
            self.on_depth += 1
        if (tag in SILENT or matches(self.rules.skip, tag, attrs) or
                (not self.with_toc and matches(self.rules.toc, tag, attrs))):
            if tag not in VOID:
                self.skip_tag, self.skip_depth = tag, 1
            return
        if tag == 'img':
            self.put(attrs.get('alt', ''))
        elif tag == 'br':
            if self.pre is not None:
                self.pre.append('\n')
            self.put(' ')
        elif tag == 'sup' or (tag == 'code' and self.after_code):
            self.put(JOINT)
        elif tag == 'a' and attrs.get('href'):
            self.links.append(attrs['href'])
        elif tag not in INLINE and self.pre is None:
            self.put(' ')
        if tag == 'pre':
            if self.pre is None:
                self.pre, self.pre_depth, self.pre_is_new = [], 0, True
            elif self.pre == []:
                self.pre_is_new = True
            self.pre_depth += 1
        elif tag == 'table':
            self.open_tables.append({'cells': [], 'rich': False, 'open': False})
            if len(self.open_tables) > 1:
                self.open_tables[-2]['rich'] = True
        elif tag in ('td', 'th') and self.open_tables:
            self.open_tables[-1]['cells'].append([])
            self.open_tables[-1]['open'] = True
        if self.open_tables and tag in ('pre', 'blockquote', 'h1', 'h2', 'h3', 'h4', 'ul', 'ol', 'dl', 'hr'):
            self.open_tables[-1]['rich'] = True

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        if self.skip_tag:
            if tag == self.skip_tag:
                self.skip_depth -= 1
                if self.skip_depth == 0:
                    self.skip_tag = None
            return
        if not self.on:
            return
        if tag == self.on_tag and tag != 'body':  # what follows </body> belongs to it
            self.on_depth -= 1
            if self.on_depth == 0:
                self.on = False
        if tag == 'pre' and self.pre is not None:
            self.pre_depth -= 1
            if self.pre_depth <= 0:
                self.pres.append(''.join(self.pre))
                self.pre = None
        elif tag == 'table' and self.open_tables:
            self.tables.append(self.open_tables.pop())
        elif tag in ('td', 'th') and self.open_tables:
            self.open_tables[-1]['open'] = False
        self.after_code = tag == 'code' or (self.after_code and tag in INLINE)
        if tag == 'sup':
            self.put(JOINT)
        elif tag not in INLINE and self.pre is None:
            self.put(' ')


class Page:
    def __init__(self, html, rules, with_toc=False):
        r = Reader(rules, with_toc)
        r.feed(html)
        r.close()
        self.words = words_of(''.join(r.text))
        self.pres = [code_of(p) for p in r.pres]
        self.pres = [p for p in self.pres if p.strip()]
        self.tables = [{'rich': t['rich'], 'cells': [words_of(''.join(c)) for c in t['cells']]} for t in r.tables]
        self.links = r.links


def words_of(s):
    s = re.sub('[\u00ad\u200b-\u200d\u2060\ufeff]', '', s)
    return re.findall(r'[\w' + JOINT + r']*\w[\w' + JOINT + r']*', s)


def code_of(s):
    """Code to the letter, but for blanks that nobody can see."""
    return s.replace('\u00a0', ' ').replace('\r\n', '\n').rstrip('\n') + '\n'


def plain(word):
    return word.replace(JOINT, '')


def differ(want, got):
    """Index into want and got of the first difference, or None.  A joint may part a word or not."""
    i = j = 0
    while i < len(want) and j < len(got):
        parts = [p for p in want[i].split(JOINT) if p]
        if plain(want[i]) == got[j]:
            j += 1
        elif got[j:j + len(parts)] == parts:
            j += len(parts)
        else:
            # "x" + "y" that a joint holds together in one only
            joined, k = '', j
            while k < len(got) and len(joined) < len(plain(want[i])):
                joined += got[k]
                k += 1
            if joined != plain(want[i]) or JOINT not in want[i]:
                return i, j
            j = k
        i += 1
    if i < len(want) or j < len(got):
        return i, j
    return None
