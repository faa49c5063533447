/*
 * passages - search hits made ready to read: grouped by page, the words that
 * match marked as the search marked them, and all of it as Markdown.
 */
import type { SearchHit } from '../services/types';

export interface PageGroup {
  url: string;
  title: string;
  hits: SearchHit[];
}

/**
 * Hits of one page together; pages in the order of their best hit.  A page that
 * belongs to several sources has each passage once.
 */
export function groupByPage(hits: readonly SearchHit[]): PageGroup[] {
  const groups = new Map<string, PageGroup>();
  for (const hit of hits) {
    const url = hit.url.replace(/#.*$/, '');
    const group = groups.get(url);
    if (group) {
      if (!group.hits.some((h) => h.content === hit.content)) group.hits.push(hit);
    } else {
      groups.set(url, { url, title: hit.title || url, hits: [hit] });
    }
  }
  return [...groups.values()];
}

const WORD = /[\p{L}\p{N}_]+/gu;

export interface Span {
  text: string;
  mark: boolean;
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };

/** A hit's snippet, which is text in HTML with `<mark>` around what was asked for, in pieces. */
export function snippetSpans(snippet: string): Span[] {
  return snippet
    .split(/<(?=mark>)|<\/mark>/)
    .map((piece) => {
      const mark = piece.startsWith('mark>');
      const text = (mark ? piece.slice(5) : piece).replace(/&(\w+|#39);/g, (all, name: string) => ENTITIES[name] ?? all);
      return { text, mark };
    })
    .filter((span) => span.text !== '');
}

/** The beginnings of the words that the search marked: "indexes" also marks "index" and "indexing". */
export function markedStems(hits: readonly SearchHit[]): string[] {
  const words = hits.flatMap((hit) => snippetSpans(hit.snippet ?? '').filter((span) => span.mark));
  return [...new Set(words.map((w) => w.text.toLocaleLowerCase()).map((w) => (w.length > 4 ? w.replace(/(ings?|ies|ed|es|s)$/, '') : w)))];
}

/** The text in pieces, the words with these beginnings marked. */
export function markWords(text: string, stems: readonly string[]): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const m of text.matchAll(WORD)) {
    const word = m[0].toLocaleLowerCase();
    if (!stems.some((s) => (s.length < 3 ? word === s : word.startsWith(s)))) continue;
    if (m.index > from) spans.push({ text: text.slice(from, m.index), mark: false });
    spans.push({ text: m[0], mark: true });
    from = m.index + m[0].length;
  }
  if (from < text.length) spans.push({ text: text.slice(from), mark: false });
  return spans;
}

/** Markdown as running text. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/^(```|~~~).*$/gm, '')
    .replace(/!?\[([^\]]*)\]\([^)\s]*(?:\s+"[^"]*")?\)/g, '$1')
    .replace(/^\s{0,3}(#{1,6}|>|[-*+]|\d+\.)\s+/gm, '')
    .replace(/^\s*\|?[\s:|-]{3,}$/gm, '')
    .replace(/\s*\|\s*/g, ' ')
    .replace(/(\*\*|__|`)(.*?)\1/g, '$2')
    .replace(/(^|[\s("'“])([*_])(\S|\S.*?\S)\2(?=[\s).,;:!?"'”]|$)/gm, '$1$3')
    .replace(/\\([\\`*_{}[\]()#+.!<>|-])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}

/** How it begins: about `length` characters. */
export function excerpt(markdown: string, length = 280): string {
  const text = plainText(markdown);
  if (text.length <= length) return text;
  const to = text.lastIndexOf(' ', length);
  return `${text.slice(0, to > 0 ? to : length)} …`;
}

/** A page's passages, to paste into notes or a chat. */
export function toMarkdown(group: PageGroup): string {
  const parts = [`## [${group.title.replace(/[[\]]/g, '\\$&')}](${group.url})`];
  for (const hit of group.hits) {
    if (hit.headers) parts.push(`**${hit.headers}**`);
    parts.push(hit.content.trim());
  }
  return `${parts.join('\n\n')}\n`;
}

export type Block =
  | { kind: 'code'; text: string; language: string }
  | { kind: 'heading'; text: string }
  | { kind: 'item'; text: string }
  | { kind: 'table'; text: string }
  | { kind: 'text'; text: string };

/** Markdown in blocks: enough to read a passage, no more. */
export function blocks(markdown: string): Block[] {
  const out: Block[] = [];
  const lines = markdown.split('\n');
  let para: string[] = [];
  const end = () => {
    const text = plainText(para.join('\n'));
    if (text) out.push({ kind: 'text', text });
    para = [];
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const fence = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)/.exec(line);
    if (fence) {
      end();
      const code: string[] = [];
      while (++i < lines.length && !lines[i]!.trim().startsWith(fence[1]!)) code.push(lines[i]!);
      out.push({ kind: 'code', text: code.join('\n'), language: fence[2]! });
    } else if (/^\s*\|.*\|\s*$/.test(line)) {
      end();
      const rows = [line.trim()];
      while (/^\s*\|.*\|\s*$/.test(lines[i + 1] ?? '')) rows.push(lines[++i]!.trim());
      out.push({ kind: 'table', text: rows.join('\n') });
    } else if (/^#{1,6}\s/.test(line)) {
      end();
      out.push({ kind: 'heading', text: plainText(line) });
    } else if (/^\s*([-*+]|\d+\.)\s+/.test(line)) {
      end();
      out.push({ kind: 'item', text: plainText(line) });
    } else if (line.trim() === '') {
      end();
    } else {
      para.push(line);
    }
  }
  end();
  return out;
}
