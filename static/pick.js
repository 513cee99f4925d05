// A choice with a field for anything else: writing there undoes the choice, choosing empties the field.
export default function (fieldset) {
  const other = fieldset.querySelector(".pick-other input");
  if (!other) return;
  let chosen = fieldset.querySelector("input[type=radio]:checked");
  fieldset.addEventListener("input", (event) => {
    if (event.target === other) {
      chosen = fieldset.querySelector("input[type=radio]:checked") ?? chosen;
      if (other.value && chosen) chosen.checked = false;
      else if (chosen) chosen.checked = true;
    } else other.value = "";
  });
}
