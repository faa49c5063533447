import { createRoot } from 'react-dom/client';
import { App } from './App';
import './styles/base.css';
import './styles/controls.css';
import './styles/pages.css';
import './styles/card.css';
import './styles/item.css';
import './styles/mcp.css';
import './styles/status.css';

createRoot(document.getElementById('root')!).render(<App />);
