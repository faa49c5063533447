import { useEffect, useState } from 'react';
import { copyText } from '../lib/clipboard';
import { sentence } from '../services/apiClient';
import { Icon } from './Icon';
import { useNotice } from './Notices';

export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [copied, setCopied] = useState(false);
  const notice = useNotice();
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className="button quiet small"
      onClick={() => void copyText(text()).then(() => setCopied(true), (e: unknown) => notice(sentence(e), 'error'))}
    >
      <Icon name={copied ? 'check' : 'copy'} size={14} />
      <span aria-live="polite">{copied ? 'Copied' : label}</span>
    </button>
  );
}
