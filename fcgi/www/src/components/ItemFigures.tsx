import type { KnowledgeItem } from '../services/types';
import { formatCompact } from '../lib/format';

/** How much there is of an item. */
export function ItemFigures({ item: { metadata: meta } }: { item: KnowledgeItem }) {
  return (
    <dl className="item-figures">
      <Figure name="Pages" value={meta.pages_count} />
      <Figure name="Passages" value={meta.chunks_count} />
      <Figure name="Words" value={meta.word_count} />
      <Figure name="Code" value={meta.code_examples_count} />
    </dl>
  );
}

function Figure({ name, value }: { name: string; value: number | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{formatCompact(value)}</dd>
    </div>
  );
}
