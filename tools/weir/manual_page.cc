#include "tools/weir/manual_page.h"

#include <string_view>

// Tested in tests/integration/completion_test.py.
namespace weir {
namespace {

// Text for troff: hyphens are minus signs, so that they can be copied, and no line is a request.
std::string troff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (escaped.empty() && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string sentence(const std::string& text) { return text.ends_with('.') ? text : text + "."; }
std::string bold(std::string_view text) { return "\\fB" + troff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + troff(text) + "\\fR"; }

std::string synopsisOf(const CommandEntry& command) {
  std::string text = bold("weir" + (command.path.empty() ? "" : " " + command.path));
  if (!command.options.empty()) text += " [" + italic("OPTION") + "]...";
  for (const OptionEntry& argument : command.arguments) {
    std::string name = italic(argument.names.front());
    if (argument.repeatable) name += "...";
    text += argument.required ? " " + name : " [" + name + "]";
  }
  return text;
}

std::string meaningOf(const OptionEntry& option) {
  std::string text = troff(option.meaning);
  std::string choices;
  for (const std::string& choice : option.choices) {
    choices += (choices.empty() ? "" : ", ") + bold(choice);
  }
  return sentence(text + (choices.empty() ? "" : " (" + choices + ")")) + "\n";
}

std::string describe(const OptionEntry& option, bool is_argument) {
  std::string names;
  for (const std::string& name : option.names) {
    names += (names.empty() ? "" : ", ") + (is_argument ? italic(name) : bold(name));
  }
  if (!is_argument && !option.value.empty()) names += " " + italic(option.value);
  return ".TP\n" + names + "\n" + meaningOf(option);
}

void describe(const CommandEntry& command, std::string& text) {
  if (!command.path.empty() && command.commands.empty()) {
    text += ".SS \"weir " + troff(command.path) + "\"\n" + synopsisOf(command) + "\n.PP\n" +
            sentence(troff(command.meaning)) + "\n";
    for (const OptionEntry& argument : command.arguments) text += describe(argument, true);
    for (const OptionEntry& option : command.options) text += describe(option, false);
  }
  for (const CommandEntry& each : command.commands) describe(each, text);
}

constexpr std::string_view kEnd = R"(.SH SIGNALS
.TP
\fBSIGHUP\fR
Reload the configuration.
.TP
\fBSIGUSR1\fR
Reopen access logs.
.TP
\fBSIGTERM\fR, \fBSIGINT\fR
Drain and exit; the second one exits at once.
.SH "EXIT STATUS"
0: success. 1: failure. 2: wrong usage, or a mistake in the configuration.
.SH ENVIRONMENT
\fBNOTIFY_SOCKET\fR, \fBWATCHDOG_USEC\fR, \fBLISTEN_FDS\fR and \fBLISTEN_FDNAMES\fR are set by
.BR systemd (1).
The variables \fBOTEL_*\fR of OpenTelemetry apply to its exporters. Values of settings may refer to
any variable as \fB${env.NAME}\fR.
.SH FILES
.TP
\fI/etc/weir/weir.toml\fR
The configuration with which the service weir is started.
.SH "SEE ALSO"
The reference of all settings: \fBweir schema \-\-reference\fR.
)";

}  // namespace

std::string manualPage(const CommandEntry& weir) {
  std::string text = ".TH WEIR 1 \"\" \"weir " WEIR_VERSION "\" \"User Commands\"\n";
  text += ".SH NAME\nweir \\- edge gateway and mesh sidecar\n";
  text += ".SH SYNOPSIS\n" + bold("weir") + " " + italic("COMMAND") + " [" + italic("OPTION") +
          "]... [" + italic("ARGUMENT") + "]...\n";
  text +=
      ".SH DESCRIPTION\nweir is an API gateway and a service\\-mesh sidecar: a reverse proxy for "
      "HTTP/1.1, HTTP/2, gRPC, WebSocket, TLS and TCP, configured by one TOML file.\n";
  text += ".SH OPTIONS\n";
  for (const OptionEntry& option : weir.options) text += describe(option, false);
  text += ".SH COMMANDS\n";
  describe(weir, text);
  return text.append(kEnd);
}

}  // namespace weir
