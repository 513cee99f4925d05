// Where the picture is wider than the screen, it begins with now.
export default function (box) {
  const now = box.querySelector(".timeline-grid .timeline-now");
  if (!now) return;
  const left = now.getBoundingClientRect().left - box.getBoundingClientRect().left;
  box.scrollLeft += left - box.clientWidth / 2;
}
