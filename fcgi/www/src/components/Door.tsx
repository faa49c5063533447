import { useEffect, useRef, useState, useSyncExternalStore, type FormEvent, type ReactNode } from 'react';
import { sentence } from '../services/apiClient';
import { sessionService, type SessionService } from '../services/sessionService';
import { Field, focusField, type Problem } from './Field';

/** The page, or where to sign in: what is inside starts anew after that. */
export function Door({ service = sessionService, children }: { service?: SessionService; children: ReactNode }) {
  const { needed, why } = useSyncExternalStore(service.subscribe, service.current);
  useEffect(() => {
    const stop = new AbortController();
    void service.load(stop.signal);
    return () => stop.abort();
  }, [service]);
  return needed ? <SignIn why={why} signIn={(token) => service.signIn(token)} /> : children;
}

function SignIn({ why, signIn }: { why: string | undefined; signIn: (token: string) => Promise<void> }) {
  const form = useRef<HTMLFormElement>(null);
  const [problem, setProblem] = useState<Problem>(undefined);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    document.title = 'Sign in – archon';
    focusField(form.current, 'token');
  }, []);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token') ?? '').trim();
    const fail = (text: string) => {
      setProblem({ field: 'token', text });
      focusField(form.current, 'token');
    };
    if (!token) return fail('Enter a token.');
    setBusy(true);
    try {
      await signIn(token);
    } catch (e) {
      setBusy(false);
      fail(sentence(e));
    }
  };

  return (
    <main className="sign-in">
      <form ref={form} className="card" onSubmit={submit} noValidate>
        <h1>
          <img src="./icon.svg" alt="" width="26" height="26" /> Sign in to archon
        </h1>
        {why && <p role="status">{why}</p>}
        <Field
          name="token"
          label="Token"
          hint="Whoever runs archon makes one: archonctl token add NAME --scope read"
          problem={problem}
          control={(id, invalid) => (
            <input id={id} name="token" type="password" className="input" autoComplete="current-password" spellCheck={false} aria-invalid={invalid} />
          )}
        />
        <button type="submit" className="button primary" disabled={busy}>
          Sign in
        </button>
      </form>
    </main>
  );
}

/** Who is signed in, and the way out; nothing where nobody is asked. */
export function SignedIn({ service = sessionService }: { service?: SessionService }) {
  const { session } = useSyncExternalStore(service.subscribe, service.current);
  if (session?.access !== 'required') return null;
  return (
    <button type="button" className="button quiet sign-out" title={`Signed in as ${session.name}, who may ${MAY[session.scope]}`} onClick={() => void service.signOut().catch(() => service.load())}>
      Sign out
    </button>
  );
}

const MAY = { read: 'read', crawl: 'read and crawl', admin: 'do everything' } as const;
