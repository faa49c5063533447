import { useEffect, useRef, useState, type FormEvent } from 'react';
import { listOf } from '../lib/crawlForm';
import { ApiError, sentence } from '../services/apiClient';
import type { KnowledgeItem, KnowledgeItemPatch } from '../services/types';
import { Field, focusField, KindSelect, type Problem } from './Field';

const FIELDS = ['title', 'tags', 'knowledge_type', 'update_frequency', 'description'];

/** What is known about an item, to be changed. */
export function EditItem({
  item,
  onSave,
  onClose,
}: {
  item: KnowledgeItem;
  onSave: (patch: KnowledgeItemPatch) => Promise<void>;
  onClose: () => void;
}) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const { metadata: meta } = item;

  useEffect(() => form.current?.querySelector('input')?.select(), []);
  useEffect(() => {
    if (problem) focusField(form.current, problem.field);
  }, [problem]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string) => String(data.get(name) ?? '').trim();
    const patch: KnowledgeItemPatch = {
      title: text('title'),
      tags: listOf(text('tags'), ','),
      knowledge_type: text('knowledge_type'),
      description: text('description'),
    };
    if (text('update_frequency') !== '') patch.update_frequency = Number(text('update_frequency'));
    setBusy(true);
    setProblem(undefined);
    try {
      await onSave(patch);
      onClose();
    } catch (e) {
      setProblem({ field: e instanceof ApiError && e.field && FIELDS.includes(e.field) ? e.field : 'title', text: sentence(e) });
      setBusy(false);
    }
  };

  return (
    <form
      ref={form}
      className="options edit"
      aria-label="Edit"
      noValidate
      onSubmit={(e) => void submit(e)}
      onKeyDown={(e) => e.key === 'Escape' && onClose()}
    >
      <Field name="title" label="Title" problem={problem} control={(id, bad) => <input id={id} name="title" className="input" defaultValue={item.title} aria-invalid={bad} />} />
      <Field
        name="tags"
        label="Tags"
        hint="Separated by commas"
        problem={problem}
        control={(id, bad) => <input id={id} name="tags" className="input" defaultValue={meta.tags?.join(', ')} aria-invalid={bad} />}
      />
      <Field name="knowledge_type" label="Kind" problem={problem} control={(id) => <KindSelect id={id} value={meta.knowledge_type} />} />
      {meta.source_type !== 'file' && (
        <Field
          name="update_frequency"
          label="Crawl again every"
          hint="Days; 0 is never"
          problem={problem}
          control={(id, bad) => (
            <input id={id} name="update_frequency" className="input" type="number" min={0} step={1} inputMode="numeric" defaultValue={meta.update_frequency} aria-invalid={bad} />
          )}
        />
      )}
      <Field
        name="description"
        label="Description"
        problem={problem}
        control={(id, bad) => <textarea id={id} name="description" className="input prose" rows={3} defaultValue={meta.description} aria-invalid={bad} />}
      />
      <div className="field buttons">
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? 'Saving…' : 'Save'}
        </button>
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  );
}
