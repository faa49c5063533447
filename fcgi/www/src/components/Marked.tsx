import { markWords } from '../lib/passages';

/** Text with the words that match marked. */
export function Marked({ text, stems }: { text: string; stems: readonly string[] }) {
  return markWords(text, stems).map((s, i) => (s.mark ? <mark key={i}>{s.text}</mark> : s.text));
}
