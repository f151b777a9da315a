// What moves in a report: charts, the large confusion matrix, examples of a cell, the way from a box of the graph to its step.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const say = (english, ...parts) => data.words[english].replace(/\{(\d)\}/g, (all, place) => parts[place]);
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const COLOURS = ['#2f7ed8', '#e07b39', '#3aa76d', '#b05cc6', '#8c8c94', '#c9a227'];

  // A vertical line at an epoch.
  const marks = {
    id: 'marks',
    afterDatasetsDraw(chart, args, options) {
      const {ctx, chartArea: area, scales} = chart;
      for (const mark of options.list || []) {
        const x = scales.x.getPixelForValue(mark.at);
        ctx.save();
        ctx.strokeStyle = colour('--faint');
        ctx.setLineDash([4, 3]);
        ctx.beginPath();
        ctx.moveTo(x, area.top);
        ctx.lineTo(x, area.bottom);
        ctx.stroke();
        ctx.restore();
      }
    },
  };

  function drawChart(chart) {
    const text = colour('--text'), line = colour('--line'), bars = chart.kind !== 'line';
    const old = Chart.getChart(chart.id);
    if (old) old.destroy();
    const axis = {grid: {color: line}, ticks: {color: text}};
    new Chart(chart.id, {
      type: bars ? 'bar' : 'line',
      data: {
        labels: chart.labels,
        datasets: chart.series.map((series, place) => ({
          label: series.name, data: series.values, borderColor: COLOURS[place], backgroundColor: COLOURS[place],
          borderWidth: bars ? 0 : 2, pointRadius: chart.labels.length > 60 ? 0 : 2.5, spanGaps: false,
          borderDash: place > 0 && !bars ? [6, 3] : [],
        })),
      },
      options: {
        animation: false, maintainAspectRatio: false, interaction: {mode: 'index', intersect: false},
        scales: {
          x: {...axis, stacked: chart.kind === 'stacked', title: {display: true, text: chart.x, color: text}},
          y: {...axis, stacked: chart.kind === 'stacked', type: chart.logarithmic ? 'logarithmic' : 'linear', beginAtZero: bars,
              ...(chart.share ? {min: 0} : {}), ...(chart.top === null ? {} : {max: chart.top})},
        },
        plugins: {legend: {display: chart.series.length > 1, labels: {color: text, boxWidth: 14, usePointStyle: !bars}}, marks: {list: chart.marks}},
      },
      plugins: [marks],
    });
  }

  const drawCharts = () => data.charts.forEach(drawChart);
  drawCharts();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { drawCharts(); drawMatrices(); });

  // Examples of a cell: the pictures of the gallery, then the rows of the table that have none.
  function show(cell) {
    const [number, truth, predicted] = cell.split(':').map(Number);
    const matrix = data.matrices[number], panel = document.getElementById(`examples-${number}`);
    const found = matrix.cells.find(one => one[0] === truth && one[1] === predicted), count = found ? found[2] : 0;
    const figures = document.querySelectorAll(`#gallery-${number} [data-cell="${cell}"]`);
    const rows = document.querySelectorAll(`#mistakes-${number} [data-cell="${cell}"]`);
    panel.replaceChildren();
    const add = (tag, text) => {
      const made = panel.appendChild(document.createElement(tag));
      made.textContent = text;
      return made;
    };
    add('p', say('true {0}, predicted {1}: {2}', matrix.names[truth], matrix.names[predicted], count));
    if (truth === predicted) return add('p', say('These are right. This page has pictures of mistakes only.'));
    if (count === 0) return add('p', say('No image is in this cell.'));
    if (rows.length < count) add('p', say('{0} of {1} are in this page.', rows.length, count));
    const gallery = add('div', '');
    gallery.className = 'gallery';
    figures.forEach(figure => gallery.append(figure.cloneNode(true)));
    const list = add('ul', '');
    rows.forEach(row => {
      const entry = list.appendChild(document.createElement('li'));
      entry.textContent = `${row.cells[0].textContent} (${row.cells[3].textContent})`;
    });
    panel.scrollIntoView({block: 'nearest'});
  }
  document.addEventListener('click', event => {
    const button = event.target.closest('[data-show]');
    if (button) show(button.dataset.show);
  });

  // A matrix of too many categories for a table: a dot for each cell.
  function drawMatrix(matrix, number) {
    const canvas = document.getElementById(`matrix-${number}`);
    if (!canvas || canvas.tagName !== 'CANVAS') return;
    const count = matrix.names.length, cell = Math.max(1, Math.floor(720 / count)), side = cell * count;
    canvas.width = canvas.height = side;
    const ctx = canvas.getContext('2d'), support = new Array(count).fill(0), right = colour('--right'), wrong = colour('--wrong');
    matrix.cells.forEach(([truth, , images]) => { support[truth] += images; });
    for (const [truth, predicted, images] of matrix.cells) {
      ctx.fillStyle = `rgba(${truth === predicted ? right : wrong}, ${0.3 + 0.7 * images / support[truth]})`;
      ctx.fillRect(predicted * cell, truth * cell, cell, cell);
    }
    const cellAt = event => {
      const box = canvas.getBoundingClientRect(), place = length => Math.max(0, Math.min(count - 1, Math.floor(length * count)));
      return [place((event.clientY - box.top) / box.height), place((event.clientX - box.left) / box.width)];
    };
    canvas.onmousemove = event => {
      const [truth, predicted] = cellAt(event), found = matrix.cells.find(one => one[0] === truth && one[1] === predicted);
      document.getElementById(`pointed-${number}`).textContent =
        say('true {0}, predicted {1}: {2}', matrix.names[truth], matrix.names[predicted], found ? found[2] : 0);
    };
    canvas.onclick = event => show([number, ...cellAt(event)].join(':'));
  }
  const drawMatrices = () => data.matrices.forEach(drawMatrix);
  drawMatrices();

  // Boxes stay readable where the graph is wider than the screen: its box scrolls.
  document.querySelectorAll('#graph svg').forEach(svg => {
    svg.style.setProperty('--natural', `${svg.width.baseVal.value}px`);
    const [box, first] = [svg.parentElement, svg.querySelector('g.node')].map(one => one.getBoundingClientRect());
    svg.parentElement.scrollLeft += first.left + first.width / 2 - box.left - box.width / 2;
  });
  document.querySelectorAll('#graph g.node').forEach(node => node.addEventListener('click', event => {
    event.preventDefault();
    const name = node.id.replace(/^step-/, '');
    const target = ['training-', 'evaluation-', 'step-row-'].map(kind => document.getElementById(kind + name)).find(Boolean);
    if (target) target.scrollIntoView();
  }));
})();
