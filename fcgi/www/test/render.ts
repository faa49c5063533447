/* Put React elements on a page, without a testing library. */
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const roots: { root: Root; host: HTMLElement }[] = [];

export interface Page {
  host: HTMLElement;
  render: (node: ReactNode) => Promise<void>;
  unmount: () => Promise<void>;
  button: (name: string) => HTMLButtonElement;
}

export async function show(node: ReactNode): Promise<Page> {
  const host = document.body.appendChild(document.createElement('div'));
  const root = createRoot(host);
  roots.push({ root, host });
  const render = (n: ReactNode) => act(async () => root.render(n));
  await render(node);
  return {
    host,
    render,
    unmount: () => act(async () => root.unmount()),
    button: (name) => {
      const found = [...host.querySelectorAll('button')].find((b) => (b.getAttribute('aria-label') ?? b.textContent ?? '').includes(name));
      if (!found) throw new Error(`no button "${name}" in ${host.innerHTML}`);
      return found;
    },
  };
}

export async function click(element: HTMLElement): Promise<void> {
  await act(async () => element.click());
}

export async function cleanUp(): Promise<void> {
  for (const { root, host } of roots.splice(0)) {
    await act(async () => root.unmount());
    host.remove();
  }
}
