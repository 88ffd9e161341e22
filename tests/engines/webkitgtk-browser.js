// The least browser around WebKitGTK, run by gjs: WebKitGTK's own MiniBrowser keeps nothing between two runs when
// it is driven, and no console either. Its one argument is the folder to keep things in.
import Gtk from "gi://Gtk?version=3.0";
import WebKit from "gi://WebKit2?version=4.1";

const [profile] = ARGV;
Gtk.init(null);
const context = new WebKit.WebContext({
  website_data_manager: new WebKit.WebsiteDataManager({ base_data_directory: profile, base_cache_directory: profile }),
});
const settings = new WebKit.Settings({ enable_write_console_messages_to_stdout: true });
let windows = 0;

function open() {
  const view = new WebKit.WebView({ web_context: context, settings, is_controlled_by_automation: true });
  const window = new Gtk.Window({ default_width: 1000, default_height: 700 });
  window.add(view);
  window.show_all();
  windows += 1;
  view.connect("close", () => window.destroy());
  window.connect("destroy", () => {
    windows -= 1;
    if (windows === 0) Gtk.main_quit();
  });
  return view;
}

// The driver starts us, and asks for every window itself.
context.set_automation_allowed(true);
context.connect("automation-started", (_, session) => session.connect("create-web-view", open));
Gtk.main();
