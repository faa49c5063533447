/* Reading what people type into the form. */

/** An http(s) address, with https:// put before what has no scheme; undefined when it is none. */
export function readUrl(text: string): string | undefined {
  const typed = text.trim();
  if (!typed || /\s/.test(typed)) return undefined;
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `${isLocal(typed) ? 'http' : 'https'}://${typed}`;
  try {
    const url = new URL(whole);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
    return url.hostname.includes('.') || url.hostname.startsWith('[') || isLocal(url.host) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function isLocal(text: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/i.test(text);
}

/** "a, b" or lines: the entries without blanks and doubles. */
export function listOf(text: string, separator: string): string[] {
  return [...new Set(text.split(separator).map((s) => s.trim()).filter((s) => s !== ''))];
}
