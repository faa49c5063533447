import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EditItem } from '../src/components/EditItem';
import { LogView } from '../src/components/LogView';
import { NoticeArea, useNotice } from '../src/components/Notices';
import { Tabs } from '../src/components/Tabs';
import { pagesSince } from '../src/hooks/useFigures';
import type { LogLine } from '../src/hooks/useMcpLogs';
import { sortFiles } from '../src/lib/documents';
import { linesFrom, logText } from '../src/lib/mcpLog';
import { ApiError } from '../src/services/apiClient';
import type { TrackedCrawl } from '../src/services/crawlBoard';
import { Samples } from '../src/services/samples';
import type { KnowledgeItem, KnowledgeItemPatch } from '../src/services/types';
import { snapshot } from './fakeServer';
import { cleanUp, click, show } from './render';

afterEach(cleanUp);

const line = (key: number, level = 'INFO', message = `line ${key}`): LogLine => ({ key, level, message, timestamp: '2025-06-01T19:36:03.450Z' });

describe('log view', () => {
  const height = 440;
  beforeEach(() => {
    vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(height);
    vi.spyOn(HTMLElement.prototype, 'scrollHeight', 'get').mockImplementation(function (this: HTMLElement) {
      return Number.parseInt((this.firstElementChild as HTMLElement).style.height, 10);
    });
  });
  const rows = (host: HTMLElement) => [...host.querySelectorAll('.log-text')].map((r) => r.textContent);

  it('has 10,000 lines, and few rows: those at the end, then those that are scrolled to', async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => line(i));
    const page = await show(<LogView lines={lines} label="Log" />);
    const box = page.host.querySelector<HTMLElement>('[role=log]')!;
    expect(box.firstElementChild!.getAttribute('style')).toContain('height: 220000px');
    expect(rows(page.host).length).toBeLessThan(60);
    expect(rows(page.host).at(-1)).toBe('line 9999');
    box.scrollTop = 22 * 500;
    await act(async () => void box.dispatchEvent(new Event('scroll')));
    expect(rows(page.host)).toContain('line 500');
    expect(rows(page.host).length).toBeLessThan(60);
  });

  it('stays where one reads while lines come, and follows again when asked to', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => line(i));
    const page = await show(<LogView lines={lines} label="Log" />);
    const box = page.host.querySelector<HTMLElement>('[role=log]')!;
    box.scrollTop = 0;
    await act(async () => void box.dispatchEvent(new Event('scroll')));
    await page.render(<LogView lines={[...lines, line(1000)]} label="Log" />);
    expect(rows(page.host)[0]).toBe('line 0');
    await click(page.button('To the end'));
    expect(rows(page.host).at(-1)).toBe('line 1000');
  });

  it('filters by level, keeps gaps, and copies as text', () => {
    const lines = [line(1, 'DEBUG'), line(2, 'WARNING'), { ...line(3), missed: 7 }, line(4, 'CRITICAL'), line(5, 'NOTICE')];
    expect(linesFrom(lines, 'WARNING').map((l) => l.key)).toEqual([2, 3, 4]);
    expect(linesFrom(lines, 'INFO').map((l) => l.key)).toEqual([2, 3, 4, 5]);
    expect(linesFrom(lines, 'DEBUG')).toBe(lines);
    expect(logText(lines.slice(1, 3))).toBe('2025-06-01T19:36:03.450Z WARNING line 2\n... 7 missed\n');
  });
});

describe('edit form', () => {
  const item: KnowledgeItem = {
    id: 's1',
    source_id: 's1',
    title: 'Guide',
    url: 'https://a.example/',
    metadata: { tags: ['a', 'b'], knowledge_type: 'technical', update_frequency: 7, description: 'Old' },
  };

  it('sends what is in its fields, then closes', async () => {
    const patches: KnowledgeItemPatch[] = [];
    const onClose = vi.fn();
    const page = await show(<EditItem item={item} onSave={async (p) => void patches.push(p)} onClose={onClose} />);
    page.host.querySelector<HTMLInputElement>('[name=tags]')!.value = ' b, c,b';
    page.host.querySelector<HTMLInputElement>('[name=update_frequency]')!.value = '30';
    await click(page.button('Save'));
    expect(patches).toEqual([{ title: 'Guide', tags: ['b', 'c'], knowledge_type: 'technical', description: 'Old', update_frequency: 30 }]);
    expect(onClose).toHaveBeenCalledOnce();
  });

  it('says beside the field what the server has against it, and stays open', async () => {
    const refuse = () => Promise.reject(new ApiError('update_frequency must be 0 to 3650.', { field: 'update_frequency' }));
    const onClose = vi.fn();
    const page = await show(<EditItem item={item} onSave={refuse} onClose={onClose} />);
    await click(page.button('Save'));
    expect(page.host.querySelector('.field.update_frequency [role=alert]')!.textContent).toContain('0 to 3650');
    expect(document.activeElement!.getAttribute('name')).toBe('update_frequency');
    expect(onClose).not.toHaveBeenCalled();
  });
});

it('a notice can be answered, and is gone then', async () => {
  const undo = vi.fn();
  function Say() {
    const notice = useNotice();
    return <button onClick={() => notice('Deleted.', 'info', { action: { label: 'Undo', within: 8000, run: undo } })}>say</button>;
  }
  const page = await show(<NoticeArea><Say /></NoticeArea>);
  await click(page.button('say'));
  expect(page.host.querySelector('[role=status]')!.textContent).toContain('Deleted.');
  await click(page.button('Undo'));
  expect(undo).toHaveBeenCalledOnce();
  expect(page.host.querySelector('[role=status]')!.textContent).toBe('');
});

it('tabs: one stop for the Tab key, arrows from one to the next', async () => {
  const onSelect = vi.fn();
  const page = await show(<Tabs<'a' | 'b' | 'c'> label="Views" tabs={{ a: 'A', b: 'B', c: 'C' }} current="c" onSelect={onSelect}>text</Tabs>);
  const tabs = [...page.host.querySelectorAll<HTMLElement>('[role=tab]')];
  expect(tabs.map((t) => t.tabIndex)).toEqual([-1, -1, 0]);
  for (const key of ['ArrowRight', 'ArrowLeft', 'Home']) {
    await act(async () => void tabs[2]!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })));
  }
  expect(onSelect.mock.calls).toEqual([['a'], ['b'], ['a']]);
});

it('documents: what cannot be read is told apart before it is sent', () => {
  const names = (files: File[]) => files.map((f) => f.name);
  const { good, bad } = sortFiles(['a.PDF', 'b.rst', 'c.exe', 'pdf', 'd.htm'].map((n) => new File([''], n)));
  expect([names(good), names(bad)]).toEqual([['a.PDF', 'b.rst', 'd.htm'], ['c.exe', 'pdf']]);
});

describe('figures', () => {
  it('samples keep the newest, and are the same array until the next', () => {
    const samples = new Samples(3);
    [1, 2, 3, 4].forEach((n) => samples.push(n));
    expect(samples.values()).toEqual([2, 3, 4]);
    expect(samples.values()).toBe(samples.values());
  });

  it('pages since the last time: what an ended crawl had read before is no news', () => {
    const crawl = (id: string, processedPages: number, status = 'crawling'): TrackedCrawl => ({
      id,
      data: snapshot({ progressId: id, processedPages, status }),
      connection: 'live',
      asked: undefined,
      sent: undefined,
      request: undefined,
    });
    const counted = new Map<string, number>();
    expect(pagesSince(counted, [crawl('a', 5), crawl('old', 900, 'error')])).toBe(5);
    expect(pagesSince(counted, [crawl('a', 12), crawl('b', 1)])).toBe(8);
    expect(pagesSince(counted, [])).toBe(0);
    expect(counted.size).toBe(0);
  });
});
