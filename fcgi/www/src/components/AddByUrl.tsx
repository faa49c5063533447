import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { ApiError, sentence } from '../services/apiClient';
import type { CrawlRequest, UploadOptions } from '../services/types';
import { listOf, readUrl } from '../lib/crawlForm';
import { Field, focusField, KindSelect, type Problem } from './Field';
import { Icon } from './Icon';

/** The fields that are folded away: a problem in one of them unfolds it. */
const OPTION_FIELDS = ['knowledge_type', 'tags', 'max_depth', 'max_pages', 'max_concurrent', 'include', 'exclude'];

export interface AddByUrlProps {
  onStart: (request: CrawlRequest) => Promise<void>;
  /** Documents are to be chosen, and get these. */
  onUpload: (fields: UploadOptions) => void;
  /** What documents that are dropped get. */
  onFields: (fields: UploadOptions) => void;
}

export function AddByUrl({ onStart, onUpload, onFields }: AddByUrlProps) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState(false);
  const optionsId = useId();
  const urlId = useId();
  const formRef = useRef<HTMLFormElement>(null);

  // Take the reader to what is to be mended, once it can be seen.
  useEffect(() => {
    if (problem) focusField(formRef.current, problem.field);
  }, [problem]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const url = readUrl(String(new FormData(form).get('url') ?? ''));
    if (!url) {
      setProblem({ field: 'url', text: 'Enter the address of a site or page, such as docs.example.com.' });
      return;
    }
    setBusy(true);
    setProblem(undefined);
    try {
      await onStart(requestOf(url, new FormData(form)));
      form.querySelector<HTMLInputElement>('[name=url]')!.value = '';
    } catch (e) {
      const field = e instanceof ApiError && e.field ? e.field : 'url';
      if (OPTION_FIELDS.includes(field)) setOpen(true);
      setProblem({ field, text: sentence(e) });
    } finally {
      setBusy(false);
    }
  };

  const field = (name: string, label: string, control: (id: string, invalid: boolean) => ReactNode, hint?: string) => (
    <Field name={name} label={label} problem={problem} hint={hint} control={control} />
  );
  const general = problem && !OPTION_FIELDS.includes(problem.field);

  return (
    <form ref={formRef} className="add card" onSubmit={(e) => void submit(e)} onChange={(e) => onFields(fieldsOf(new FormData(e.currentTarget)))} noValidate aria-label="Add to the knowledge base">
      <div className="add-line">
        <label className="visually-hidden" htmlFor={urlId}>
          Address to crawl
        </label>
        <div className="input-icon">
          <Icon name="globe" />
          <input
            id={urlId}
            name="url"
            className="input large"
            inputMode="url"
            autoComplete="url"
            autoCapitalize="none"
            spellCheck={false}
            placeholder="https://docs.example.com/"
            aria-invalid={general ? true : undefined}
            aria-describedby={general ? `${urlId}-problem` : undefined}
          />
        </div>
        <button type="submit" className="button primary large" disabled={busy}>
          <Icon name="plus" /> {busy ? 'Starting…' : 'Crawl'}
        </button>
        <button type="button" className="button large" title="PDF, Word, Markdown, text, HTML, reStructuredText; or drop them here" onClick={() => onUpload(fieldsOf(new FormData(formRef.current!)))}>
          <Icon name="upload" /> Upload
        </button>
      </div>
      {general && (
        <p className="field-problem" id={`${urlId}-problem`} role="alert">
          {problem.text}
        </p>
      )}
      <button
        type="button"
        className="button quiet small disclosure"
        aria-expanded={open}
        aria-controls={optionsId}
        onClick={() => setOpen(!open)}
      >
        <Icon name="chevron" size={14} /> Options
      </button>
      <div id={optionsId} className="options" hidden={!open}>
        {field('knowledge_type', 'Kind', (id) => <KindSelect id={id} keep />)}
        {field('tags', 'Tags', (id, bad) => <input id={id} name="tags" className="input" placeholder="api, sql" aria-invalid={bad} />, 'Separated by commas')}
        {field('max_depth', 'Link depth', (id, bad) => <Whole id={id} name="max_depth" bad={bad} />, 'From the start page')}
        {field('max_pages', 'Page limit', (id, bad) => <Whole id={id} name="max_pages" bad={bad} />, 'Stops there')}
        {field('max_concurrent', 'In parallel', (id, bad) => <Whole id={id} name="max_concurrent" bad={bad} />, 'Pages at a time')}
        <div className="field check">
          <label>
            <input type="checkbox" name="extract_code_examples" defaultChecked /> Keep code examples
          </label>
        </div>
        {field('include', 'Only addresses like', (id, bad) => <Patterns id={id} name="include" bad={bad} example="/docs/**" />, 'One pattern a line')}
        {field('exclude', 'But not', (id, bad) => <Patterns id={id} name="exclude" bad={bad} example="**/print/**" />, 'One pattern a line')}
      </div>
    </form>
  );
}

function Whole({ id, name, bad }: { id: string; name: string; bad: boolean }) {
  return <input id={id} name={name} className="input" type="number" min={0} step={1} inputMode="numeric" placeholder="default" aria-invalid={bad} />;
}

function Patterns({ id, name, bad, example }: { id: string; name: string; bad: boolean; example: string }) {
  return <textarea id={id} name={name} className="input" rows={2} spellCheck={false} placeholder={example} aria-invalid={bad} />;
}

/** Kind and tags hold for documents too. */
function fieldsOf(form: FormData): UploadOptions {
  return { knowledge_type: String(form.get('knowledge_type') ?? ''), tags: listOf(String(form.get('tags') ?? ''), ',') };
}

/** What was filled in; what was left empty is the server's to choose. */
function requestOf(url: string, form: FormData): CrawlRequest {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const request: CrawlRequest = {
    url,
    extract_code_examples: form.get('extract_code_examples') !== null,
  };
  const tags = listOf(text('tags'), ',');
  const include = listOf(text('include'), '\n');
  const exclude = listOf(text('exclude'), '\n');
  if (tags.length) request.tags = tags;
  const kind = text('knowledge_type');
  if (kind === 'technical' || kind === 'business') request.knowledge_type = kind;
  if (include.length) request.include = include;
  if (exclude.length) request.exclude = exclude;
  for (const name of ['max_depth', 'max_pages', 'max_concurrent'] as const) {
    if (text(name) !== '') request[name] = Number(text(name));
  }
  return request;
}
