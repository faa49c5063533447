import { markWords, type Span } from '../lib/passages';

/** Text in pieces, some of them marked. */
export function Spans({ spans }: { spans: readonly Span[] }) {
  return spans.map((s, i) => (s.mark ? <mark key={i}>{s.text}</mark> : s.text));
}

/** Text with the words that match marked. */
export function Marked({ text, stems }: { text: string; stems: readonly string[] }) {
  return <Spans spans={markWords(text, stems)} />;
}
