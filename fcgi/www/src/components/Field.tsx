import { useId, type ReactNode } from 'react';

/** What is wrong, and with which field of a form. */
export type Problem = { field: string; text: string } | undefined;

/** A field of a form with its label, and below it what is wrong with it or how to fill it in. */
export function Field({
  name,
  label,
  hint,
  problem,
  control,
}: {
  name: string;
  label: string;
  hint?: string | undefined;
  problem: Problem;
  control: (id: string, invalid: boolean) => ReactNode;
}) {
  const id = useId();
  const mine = problem?.field === name ? problem : undefined;
  return (
    <div className={`field ${name}`}>
      <label htmlFor={id}>{label}</label>
      {control(id, mine !== undefined)}
      {mine ? (
        <p className="field-problem" role="alert">
          {mine.text}
        </p>
      ) : (
        hint && <p className="field-hint">{hint}</p>
      )}
    </div>
  );
}

/** Take the reader to a field. */
export function focusField(form: HTMLFormElement | null, name: string): void {
  const field = form?.elements.namedItem(name);
  if (field instanceof HTMLElement) field.focus();
}

/** The kinds of knowledge: the server accepts these two.  `keep`: as it is, or technical where nothing is yet. */
export function KindSelect({ id, value, keep }: { id: string; value?: string | undefined; keep?: boolean }) {
  return (
    <select id={id} name="knowledge_type" className="input" defaultValue={value ?? (keep ? '' : 'technical')}>
      {keep && <option value="">default</option>}
      <option value="technical">Technical</option>
      <option value="business">Business</option>
    </select>
  );
}
