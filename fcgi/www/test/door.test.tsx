import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Door, SignedIn } from '../src/components/Door';
import { ApiClient } from '../src/services/apiClient';
import { SessionService } from '../src/services/sessionService';
import { FakeServer, json, type Call } from './fakeServer';
import { cleanUp, click, show } from './render';

let server: FakeServer;
let client: ApiClient;
let service: SessionService;
beforeEach(() => {
  server = new FakeServer();
  client = new ApiClient();
  service = new SessionService(client);
});
afterEach(async () => {
  await cleanUp();
  vi.unstubAllGlobals();
});

const refusal = (code: string, error: string) => json({ error, detail: { error }, code }, {}, 401);
const page = () => (
  <Door service={service}>
    <p>the page</p>
    <SignedIn service={service} />
  </Door>
);
const type = async (host: HTMLElement, text: string) => {
  const input = host.querySelector<HTMLInputElement>('input[name=token]')!;
  input.value = text;
  await act(async () => host.querySelector('form')!.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })));
};

describe('door', () => {
  it('is open where nobody is asked, and offers no way out', async () => {
    server.answer = () => json({ access: 'off', name: null, scope: 'admin' });
    const { host } = await show(page());
    expect(host.textContent).toBe('the page');
    expect(server.history).toEqual(['GET /api/session']);
  });

  it('is open while the server says nothing, or something else', async () => {
    server.answer = () => json({}, {}, 502);
    expect((await show(page())).host.textContent).toBe('the page');
  });

  it('asks for a token, says what is wrong with it, and goes on with a good one', async () => {
    const good = (call: Call) => (call.body as { token: string }).token === 'archon_good';
    server.answer = (call) =>
      call.path !== '/api/login'
        ? refusal('token_needed', 'A token is needed here')
        : good(call)
          ? json({ success: true, name: 'me', scope: 'crawl', expires: '2026-01-01T00:00:00.000Z' })
          : refusal('token_unknown', 'This token is not known here');
    const { host } = await show(page());
    expect(host.textContent).toContain('Sign in to archon');
    expect(host.textContent).not.toContain('the page');
    await type(host, '  ');
    expect(host.querySelector('[role=alert]')!.textContent).toBe('Enter a token.');
    await type(host, 'archon_bad');
    expect(host.querySelector('[role=alert]')!.textContent).toBe('This token is not known here');
    expect(document.activeElement).toBe(host.querySelector('input'));
    await type(host, ' archon_good ');
    expect(host.textContent).toContain('the page');
    expect(host.querySelector('button')!.title).toBe('Signed in as me, who may read and crawl');
  });

  it('asks again when the session ends under way, and says so', async () => {
    server.answer = () => json({ access: 'required', name: 'me', scope: 'read' });
    const { host } = await show(page());
    server.answer = () => refusal('session_ended', 'This session has ended: sign in again');
    await act(async () => void (await client.get('/api/knowledge-items').catch(() => 0)));
    expect(host.querySelector('[role=status]')!.textContent).toBe('This session has ended: sign in again');
    expect(host.textContent).not.toContain('the page');
  });

  it('signs out', async () => {
    server.answer = () => json({ access: 'required', name: 'me', scope: 'read' });
    const { button, host } = await show(page());
    server.answer = () => json({ success: true, message: 'Signed out' });
    await click(button('Sign out'));
    expect(server.history.at(-1)).toBe('POST /api/logout');
    expect(host.textContent).toContain('Sign in to archon');
  });
});
