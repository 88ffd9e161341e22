/** What autocapture has to do with, and what it has to leave alone. */
export const AUTO = `
  <button id="marked" data-tm-event="recipe_scaled" data-tm-scale="2" data-tm-some-name="0123"
    data-tm-properties='{"factor":1.5,"draft":true,"scale":"hidden by the attribute"}'
    data-tm-entity-type="recipe" data-tm-entity-id="12" data-tm-correlation-id="c-9">
    <span>twice <b id="deep">as much</b></span></button>
  <div data-tm-event="card_used">
    <button id="nested" data-tm-event="recipe_kept">keep</button> <i id="card">card</i></div>
  <label data-tm-event="vegan_only"><span id="label">vegan</span> <input id="box" type="checkbox"></label>
  <a id="marked-link" data-tm-event="guide_opened" href="second">guide</a>
  <a id="out" class="btn ext" href="https://partner.example/path/page.html?token=secret#part"><span>partner</span></a>
  <a id="below" href="https://help.localhost/">help</a>
  <a id="file" class="dl" href="/files/price-list.PDF?v=2#p1">  Price
    <b>list</b> <span class="ph-no-capture">for Ann</span></a>
  <form id="contact" name="contact" method="post" action="second?token=secret">
    <input name="id" value="7"><input name="action" value="hidden"><input id="name" name="name" value="Ann">
    <input name="pin" value="hunter2"><textarea name="text">Dear Bob</textarea>
    <button id="send">Send <i>it</i></button>
  </form>
  <form id="asked" data-tm-event="question_asked" data-tm-topic="price">
    <input id="question" value="why?"><input type="submit" value="Ask"></form>
  <div class="ph-no-capture"><button id="private" data-tm-event="never">no</button></div>
  <div data-tm-ignore>
    <a id="ignored" href="https://partner.example/file.pdf">no</a>
    <form id="unseen" action="second"><button id="unsent">no</button></form>
  </div>
  <script>
    document.addEventListener("submit", (event) => {
      if (event.target.getAttribute("id") !== "contact") event.preventDefault();
    });
  </script>`;
