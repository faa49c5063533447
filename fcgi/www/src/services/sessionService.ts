/*
 * sessionService - does archon ask who we are, and are we in?  Where a token is
 * needed a person gives it once; the server makes it a cookie that no script reads.
 */
import { apiClient, isAbort, type ApiClient } from './apiClient';
import type { Session } from './types';

export interface SessionState {
  /** A token is needed before anything else works. */
  needed: boolean;
  /** Why it is needed again, if it was not at first. */
  why: string | undefined;
  /** Who we are; undefined while nobody has said. */
  session: Session | undefined;
}

export class SessionService {
  private state: SessionState = { needed: false, why: undefined, session: undefined };
  private readonly listeners = new Set<() => void>();

  constructor(private readonly client: ApiClient = apiClient) {
    client.onUnauthorized = (e) => {
      const again = this.state.session?.name != null;
      if (!this.state.needed) this.set({ needed: true, why: again ? e.message : undefined, session: undefined });
    };
  }

  /** The same object until something changes. */
  readonly current = (): SessionState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** Ask the server.  Its failures are other people's to show: all that is lost is a name. */
  async load(signal?: AbortSignal): Promise<void> {
    try {
      const session = await this.client.get<Session>('/api/session', signal ? { signal } : {});
      this.set({ needed: false, why: undefined, session });
    } catch (e) {
      if (isAbort(e)) return;
    }
  }

  /** Fails with the server's sentence when the token is not good. */
  async signIn(token: string): Promise<void> {
    const { name, scope } = await this.client.post<{ name: string; scope: Session['scope'] }>('/api/login', { token });
    this.set({ needed: false, why: undefined, session: { access: 'required', name, scope } });
  }

  async signOut(): Promise<void> {
    await this.client.post('/api/logout');
    this.set({ needed: true, why: undefined, session: undefined });
  }

  private set(state: SessionState): void {
    this.state = state;
    this.listeners.forEach((listener) => listener());
  }
}

export const sessionService = new SessionService();
