/* Which documents can be handed over. */

export const ACCEPTED = ['.pdf', '.docx', '.md', '.txt', '.html', '.rst'];
const ALSO = ['.markdown', '.text', '.htm', '.xhtml', '.rest'];

/** Those that the server reads, and the others: better said before ten megabytes are sent. */
export function sortFiles(files: readonly File[]): { good: File[]; bad: File[] } {
  const good: File[] = [];
  const bad: File[] = [];
  for (const file of files) {
    const name = file.name.toLowerCase();
    ([...ACCEPTED, ...ALSO].some((end) => name.endsWith(end)) ? good : bad).push(file);
  }
  return { good, bad };
}
