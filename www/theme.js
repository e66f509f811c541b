// The chosen looks, before anything is drawn. src/web/page/settings.rs writes them.
try {
  for (const name of ['data-theme', 'data-contrast', 'data-motion']) {
    const value = localStorage.getItem(name);
    if (value && value !== 'system') document.documentElement.setAttribute(name, value);
  }
} catch {
  // Without storage the page follows the system.
}
