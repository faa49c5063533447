import { useRef, useState, type DragEvent } from 'react';
import { ACCEPTED, sortFiles } from '../lib/documents';
import { isAbort, sentence } from '../services/apiClient';
import type { CrawlBoard } from '../services/crawlBoard';
import type { UploadOptions } from '../services/types';
import { AddByUrl } from './AddByUrl';
import { useNotice } from './Notices';

/** The way into the knowledge base: an address to crawl, or documents to drop or choose. */
export function Add({ board }: { board: CrawlBoard }) {
  const notice = useNotice();
  const [over, setOver] = useState(false);
  // Each element under the pointer is entered and left on its own.
  const depth = useRef(0);
  const chooser = useRef<HTMLInputElement>(null);
  const options = useRef<UploadOptions>({});

  const upload = (files: FileList | File[]) => {
    const { good, bad } = sortFiles([...files]);
    if (bad.length > 0) notice(`${bad.map((f) => f.name).join(', ')}: ${ACCEPTED.join(', ')} can be read.`, 'error');
    for (const file of good) {
      board.upload(file, options.current).then(
        (reply) => reply.duplicate && notice(`${file.name} is known already.`),
        (e: unknown) => isAbort(e) || notice(`${file.name}: ${sentence(e)}`, 'error'),
      );
    }
  };
  const end = () => {
    depth.current = 0;
    setOver(false);
  };
  const carriesFiles = (e: DragEvent) => e.dataTransfer.types.includes('Files');

  return (
    <div
      className={`drop${over ? ' over' : ''}`}
      onDragEnter={(e) => {
        if (!carriesFiles(e)) return;
        e.preventDefault();
        depth.current++;
        setOver(true);
      }}
      onDragOver={(e) => carriesFiles(e) && e.preventDefault()}
      onDragLeave={() => over && --depth.current <= 0 && end()}
      onDrop={(e) => {
        if (!carriesFiles(e)) return;
        e.preventDefault();
        end();
        upload(e.dataTransfer.files);
      }}
    >
      <AddByUrl
        onStart={(request) => board.start(request)}
        onUpload={(fields) => {
          options.current = fields;
          chooser.current?.click();
        }}
        onFields={(fields) => (options.current = fields)}
      />
      <input
        ref={chooser}
        type="file"
        hidden
        multiple
        accept={ACCEPTED.join(',')}
        aria-label="Documents"
        onChange={(e) => {
          upload(e.target.files ?? []);
          e.target.value = ''; // the same one may be chosen again
        }}
      />
      {over && (
        <div className="drop-here" aria-hidden="true">
          Drop documents here
        </div>
      )}
    </div>
  );
}
