// Sorting and filtering. Without this script the page is still complete, failures first.
(() => {
  'use strict';
  const table = document.getElementById('table'), body = table.tBodies[0];
  const words = document.getElementById('words'), result = document.getElementById('result');
  const restore = document.getElementById('restore');
  const shown = document.getElementById('shown'), heads = [...table.tHead.rows[0].cells];
  let rows = [...body.rows];
  const files = Number(table.dataset.files);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const hit = (!result.value || row.classList.contains(result.value)) &&
        (!restore.value || row.dataset.restore === restore.value) &&
        wanted.every((word) => texts.get(row).includes(word));
      row.hidden = !hit;
      count += hit;
    }
    shown.textContent = `${count} of ${rows.length} files` +
      (files > rows.length ? `, the first of ${files}` : '');
  };

  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };

  const sort = (column) => {
    const head = heads[column], down = head.getAttribute('aria-sort') === 'ascending';
    const keys = new Map(rows.map((row) => [row, key(row, column)]));
    const compare = (a, b) => typeof a === 'number' ? a - b : a < b ? -1 : a > b ? 1 : 0;
    rows.sort((a, b) => (down ? -1 : 1) * compare(keys.get(a), keys.get(b)));
    heads.forEach((other) => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    body.append(...rows);
  };

  heads.forEach((head, column) => {
    if (head.textContent === 'Memory') return;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.addEventListener('click', () => sort(column));
    head.replaceChildren(button);
  });
  const form = document.getElementById('filter');
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', filter);
  form.hidden = false;
  filter();
})();
