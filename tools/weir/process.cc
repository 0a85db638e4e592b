#include "tools/weir/process.h"

#include <cerrno>
#include <cstdio>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/metrics.h"
#include "core/config/units.h"
#include "core/event/descriptors.h"
#include "core/event/metrics.h"
#include "core/event/processors.h"
#include "core/event/system_error.h"
#include "core/proxy/plan.h"
#include "core/server/worker.h"
#include "mesh/health/health_checks.h"
#include "mesh/identity/metrics.h"
#include "tools/weir/metric_families.h"

namespace weir {
namespace {

// Raises the limit to the system's maximum: each connection uses a descriptor.
void raiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// The number that reading the configuration and the first connections use; with fewer the process
// could not work.
constexpr unsigned kLeastDescriptors = 16;

bool hasDescriptors() {
  const auto room = event::checkDescriptors(kLeastDescriptors);
  if (!room.ok()) log::error(startTrouble("cannot open files and connections", room.error()));
  return room.ok();
}

void logMistakes(const config::Diagnostics& diagnostics) {
  for (const config::Diagnostic& mistake : diagnostics.sorted()) log::error(mistake.text());
}

void logWarnings(const config::Diagnostics& diagnostics) {
  for (const config::Diagnostic& warning : diagnostics.warnings()) log::warning(warning.text());
}

// Time limit for workers to end once nothing is left to wait for.
constexpr unsigned kStopSeconds = 10;
constexpr unsigned kStopAtOnceSeconds = 2;

// A worker that hangs must not keep the process alive: after so many seconds the process ends
// without it.
void endWithin(unsigned seconds) {
  ::signal(SIGALRM, [](int) {
    constexpr std::string_view kText = "weir: a worker does not stop; exiting without it\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kText.data(), kText.size());
    ::_exit(1);
  });
  ::alarm(seconds);
}

}  // namespace

Result<Process::Handles> Process::open() {
  net::PassedSockets passed = net::PassedSockets::ofProcess();
  raiseDescriptorLimit();
  WEIR_TRY(event::WriterSignal log, event::WriterSignal::open());
  WEIR_TRY(event::Loop::Handle loop, event::Loop::open());
  WEIR_TRY(event::WriterSignal access_log, event::WriterSignal::open());
  return Handles{std::move(passed), std::move(log), std::move(loop), std::move(access_log)};
}

Process::Process(Handles handles, ConfigurationSource source, std::optional<log::Level> level)
    : source_(std::move(source)),
      level_(level),
      log_output_(std::move(handles.log)),
      loop_(std::move(handles.loop)),
      passed_(std::move(handles.passed)),
      log_writer_(std::move(handles.access_log)),
      plan_builder_(registry_, names_, counts_) {
  registerAll(registry_);
  if (level_) log::setLevel(*level_);
  loop_.setTurnObserver([lag = cells_.histogram(event::loopLagKey(names_.intern("control")))](
                            Milliseconds busy) { lag.observe(busy); });
}

Process::~Process() = default;

std::string startTrouble(std::string_view what, const Error& error) {
  std::string text(what);
  text.append(": ").append(error.detail);
  if (error.detail == "too many open files") text += " (raise the limit of open files)";
  return text;
}

int runProcess(ConfigurationSource source, std::optional<log::Level> level) {
  auto handles = Process::open();
  if (handles.ok()) return Process(std::move(handles.value()), std::move(source), level).run();
  const auto text = startTrouble("cannot create the event loop", handles.error());
  std::fprintf(stderr, "weir: %s\n", text.c_str());
  return 1;
}

int Process::run() {
  ::signal(SIGPIPE, SIG_IGN);  // the write to a closed connection reports the error
  if (!start()) return exit_code_;
  loop_.run();
  endWithin(at_once_ ? kStopAtOnceSeconds : kStopSeconds);
  admin_ = nullptr;
  registrations_ = nullptr;
  workload_ = nullptr;
  renewal_ = nullptr;
  server_->stop();
  ignoreSignals();
  return exit_code_;
}

// A late signal must not turn a clean exit into death by a signal. Signals are blocked while the
// default action is in force, and then ignored: blocking alone does not protect a process with
// several threads of which the last ones are just ending.
void Process::ignoreSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  signals_.clear();
  for (const int number : {SIGHUP, SIGUSR1, SIGTERM, SIGINT}) ::signal(number, SIG_IGN);
}

bool Process::start() {
  exit_code_ = 1;  // until it runs
  if (!hasDescriptors()) return false;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  log::info("file descriptors: " + std::to_string(limit.rlim_cur));
  config::Diagnostics diagnostics;
  const auto plan = read(diagnostics);
  if (plan == nullptr) {
    logMistakes(diagnostics);
    exit_code_ = 2;
    return false;
  }
  configuration_ = std::exchange(candidate_, {});
  logWarnings(diagnostics);
  role_ = configuration_.core.role;
  user_ = configuration_.user;
  applyLog({});
  files_in_use_ = files_;
  noteRefreshes();
  if (!startServer(*plan)) return false;
  first_plan_ = plan;
  return awaitsIdentity() || publishFirst();
}

bool Process::publishFirst() {
  config::Diagnostics diagnostics;
  const auto plan = std::exchange(first_plan_, nullptr);
  if (plan == nullptr || !server_->publish(plan, diagnostics, [this] { onLive(); })) {
    logMistakes(diagnostics);
    server_->stop();
    return false;
  }
  countReload(server::ReloadResult::kApplied, Nanoseconds(0));
  dashboard_->noteStart();
  exit_code_ = 0;
  return true;
}

// Creates and starts everything; the caller publishes the plan.
bool Process::startServer(const proxy::Plan& plan) {
  auto resolver = dns::Resolver::make(loop_, {});
  if (!resolver.ok()) {
    log::error("DNS: " + std::string(resolver.error().detail));
    return false;
  }
  resolver_ = std::move(resolver.value());
  const unsigned workers = configuration_.core.workers.value_or(event::processors());
  auto loops = server::Server::openLoops(workers);
  if (!loops.ok()) {
    log::error(startTrouble("cannot create the event loop of a worker", loops.error()));
    return false;
  }
  server_ = std::make_unique<server::Server>(
      server::Server::Parts{.loop = loop_,
                            .resolver = *resolver_,
                            .names = names_,
                            .cells = cells_,
                            .counts = counts_,
                            .passed = &passed_,
                            .state = &state_,
                            .health_checks = mesh::makeHealthChecks},
      std::move(loops.value()));
  watching_ = std::make_unique<Watching>(loop_, cells_, *server_);
  registrations_ = std::make_unique<mesh::Registrations>(
      mesh::Registrations::Tools{loop_, server_->client(), names_, cells_});
  workload_ = std::make_unique<mesh::Workload>(mesh::Workload::Tools{loop_, cells_, state_},
                                               [this] { onIdentity(); });
  openRenewal();
  resolver_->setOnServersChanged([this] { server_->lookAgain(); });
  page_ = std::make_unique<metrics::Page>(names_, metricFamilies(), cells_);
  for (const auto& worker : server_->workers()) {
    page_->addSource(worker->cells());
    page_->addDetails(worker->details());
  }
  page_->configure(configuration_.metrics);
  dashboard_ = std::make_unique<dashboard::Dashboard>(loop_, *page_, *server_);
  metrics_ = configuration_.metrics;
  const NameId role = names_.intern(plan.role);
  cells_.gauge(server::buildInfoKey(role, names_.intern(WEIR_VERSION))).set(1);
  if (!openAddresses(plan)) return false;
  openState();
  if (!listenToSignals() || !hasDescriptors()) return false;
  if (!openRecording()) return false;
  server_->start(recording_->opener(configuration_, *role_), configuration_.metrics.details());
  watching_->start();
  return true;
}

// Binds all addresses while permitted, and then changes to the configured user. Threads and log
// files are created later, so that they have that user's rights from the beginning.
bool Process::openAddresses(const proxy::Plan& plan) {
  std::optional<Account> account;
  std::optional<server::Server::Owner> owner;
  if (configuration_.user && runsAsRoot()) account = findAccount(*configuration_.user);
  if (account) owner = {account->user, account->group};
  config::Diagnostics diagnostics;
  if (!server_->bind(plan, owner, diagnostics)) {
    logMistakes(diagnostics);
    return false;
  }
  return startAdmin() && (!account || giveUpRoot(*account));
}

bool Process::giveUpRoot(const Account& account) {
  if (!admin_->giveTo(account.user, account.group)) {
    log::error("admin: cannot change the owner of the socket: " +
               std::string(event::errorOf(-errno).detail));
    return false;
  }
  const std::string trouble = becomeUser(account);
  if (!trouble.empty()) {
    log::error("cannot become user \"" + account.name + "\": " + trouble);
    return false;
  }
  log::info("running as user \"" + account.name + "\"");
  for (const std::string& file : files_) {
    if (::access(file.c_str(), R_OK) == 0) continue;
    log::warning("user \"" + account.name + "\" cannot read " + file +
                 ": a reload, and the renewal of a certificate, will fail");
  }
  return true;
}

Result<void> Process::configureAdmin(const admin::Settings& settings) {
  return admin_->configure(settings, admin_terms_.current());
}

bool Process::startAdmin() {
  if (!applyAdmin()) return false;
  if (admin_->address() != nullptr) log::info("admin on " + admin_->address()->text());
  return true;
}

bool Process::applyAdmin() {
  if (admin_ == nullptr) admin_ = std::make_unique<admin::AdminServer>(loop_, *this);
  admin_terms_.commit();
  const auto listening = configureAdmin(configuration_.admin);
  return listening.ok() || startAdminElsewhere(listening.error().detail);
}

// If the default address is in use, any other is as good, because the address was not configured.
bool Process::startAdminElsewhere(std::string_view failure) {
  admin::Settings settings = configuration_.admin;
  const std::string trouble =
      "admin: cannot listen on " + settings.address->text() + ": " + std::string(failure) + "; ";
  if (!configuration_.admin_given) {
    settings.address->port = 0;
    log::warning(trouble + "using a free port instead; set admin = \"HOST:PORT\" to choose one");
    if (configureAdmin(settings).ok()) return true;
  }
  log::error(trouble +
             "set admin = \"HOST:PORT\" to choose another address; port 0 picks a free port");
  return false;
}

// After root was given up: the directory belongs to the user as whom weir runs.
void Process::openState() { state_.open(configuration_.core.state_directory.value_or("")); }

void Process::watchFiles() {
  std::vector<std::string> paths = files_;
  // If the configuration cannot be read, its certificates are unknown.
  paths.insert(paths.end(), files_in_use_.begin(), files_in_use_.end());
  if (!source_.text) paths.push_back(source_.path);
  if (!configuration_.watch) paths.clear();
  watch_->setSettle(configuration_.watch_settle);
  watch_->watch(paths);
}

// Reads the file and builds a plan from it. Returns null, and records every mistake, if that fails.
std::shared_ptr<const proxy::Plan> Process::read(config::Diagnostics& diagnostics) {
  auto document = source_.text ? config::Document::parse(*source_.text, source_.path, diagnostics)
                               : config::Document::load(source_.path, diagnostics);
  auto loaded = readConfiguration(document, registry_, diagnostics);
  files_ = document.files();
  if (!loaded) return nullptr;
  candidate_ = std::move(*loaded);
  if (!keepRole(diagnostics)) return nullptr;
  const proxy::Plan* previous = server_ == nullptr ? nullptr : server_->plan();
  server::Settings& core = candidate_.core;
  const server::Role wanted = std::exchange(core.role, role_.value_or(core.role));
  admin_terms_.load(candidate_.admin, diagnostics);
  auto plan = plan_builder_.build(core, previous, diagnostics);
  core.role = wanted;
  return plan;
}

// The role determines whom to trust: it does not change while requests are in flight.
bool Process::keepRole(config::Diagnostics& diagnostics) {
  if (!role_ || candidate_.core.role == *role_) return true;
  if (candidate_.sidecar_expanded) {
    diagnostics.add(
        {{source_.path, 0, 0}, "role", "changing the role to sidecar needs a restart", {}});
    return false;
  }
  return true;
}

// Changed settings that take effect only after a restart.
std::vector<std::string> Process::restartsNeeded(const Configuration& wanted) const {
  std::vector<std::string> needed;
  const std::size_t workers = wanted.core.workers.value_or(event::processors());
  const std::size_t running = server_->workers().size();
  if (workers != running) {
    needed.push_back("workers = " + std::to_string(workers) + " takes effect after a restart; " +
                     std::to_string(running) + " are running");
  }
  if (wanted.core.role != *role_) {
    const bool gateway = *role_ == server::Role::kGateway;
    needed.push_back("role takes effect after a restart; running as a " +
                     std::string(gateway ? "gateway" : "sidecar"));
  }
  if (wanted.metrics != metrics_) needed.emplace_back("metrics takes effect after a restart");
  if (wanted.user != user_) needed.emplace_back("user takes effect after a restart");
  return needed;
}

// A level set by the admin page or the command line remains until the setting changes.
void Process::applyLog(const LogSettings& before) {
  const LogSettings& now = configuration_.log;
  log_output_.setFormat(now.format);
  if (!level_ && now.level != before.level) log::setLevel(now.level);
}

bool Process::openRecording() {
  if (recording_ == nullptr) {
    recording_ = std::make_unique<Recording>(
        Recording::Tools{loop_, server_->client(), names_, cells_, log_writer_});
  }
  const auto opened = recording_->configure(configuration_);
  if (!opened.ok()) log::error(startTrouble("cannot export spans and logs", opened.error()));
  return opened.ok();
}

void Process::onLive() {
  returnFreeMemory();  // used while reading the files
  if (!std::exchange(live_, true)) {
    for (const server::Server::Bound& bound : server_->listeners()) {
      log::info("listener " + std::string(bound.listener->name) + " on " + bound.address.text());
    }
    for (const access_log::Settings& each : configuration_.access_logs) {
      log::info("access log: " + each.target());
    }
    if (configuration_.access_logs.empty())
      log::info("access log: off, there is no [[access_log]]");
    for (const std::string& socket : passed_.closeUnused()) {
      log::warning("no listener for a socket of the service manager: " + socket);
    }
    const std::string role(server_->plan()->role);
    log::info("ready: " + role + ", " + std::to_string(server_->workers().size()) + " workers");
    supervision_.onReady(status());
    supervision_.watch(*server_);
  }
  if (!leaving_) registrations_->follow(configuration_.registers, boundListeners());
  noteFileIdentity();
  followRenewal();
  if (std::exchange(reload_waits_, false)) reload([](const admin::ReloadOutcome&) {});
}

std::vector<mesh::BoundListener> Process::boundListeners() const {
  std::vector<mesh::BoundListener> bound;
  for (const server::Server::Bound& each : server_->listeners()) {
    bound.push_back({std::string(each.listener->name), each.address});
  }
  return bound;
}

bool Process::listenToSignals() {
  const std::pair<int, std::function<void()>> actions[] = {
      {SIGHUP, [this] { reload([](const admin::ReloadOutcome&) {}); }},
      {SIGUSR1, [this] { log_writer_.reopen(); }},
      {SIGTERM, [this] { onTerminate(); }},
      {SIGINT, [this] { onTerminate(); }},
  };
  for (const auto& [number, action] : actions) {
    auto signal = event::Signal::open(loop_, number, action);
    if (!signal.ok()) {
      log::error(startTrouble("cannot set up signal handling", signal.error()));
      return false;
    }
    signals_.push_back(std::move(signal.value()));
  }
  watch_ = std::make_unique<event::FileWatch>(
      loop_, configuration_.watch_settle, [this] { reload([](const admin::ReloadOutcome&) {}); });
  watchFiles();
  return true;
}

void Process::reload(Answer<admin::ReloadOutcome> on_done) {
  const Nanoseconds started = monotonicNow();
  admin::ReloadOutcome outcome;
  if (first_plan_ != nullptr) {
    reload_waits_ = true;
    outcome.diagnostics.add({{}, "identity.spiffe", std::string(kAwaitsIdentity), {}});
    return on_done(std::move(outcome));
  }
  log_writer_.retry();
  watch_->mark();
  if (live_) supervision_.onReloading();
  auto plan = read(outcome.diagnostics);
  watchFiles();
  const auto done = [this, on_done, started](admin::ReloadOutcome result) {
    result.generation = server_->plan()->generation;
    dashboard_->noteReload(result);
    onReloaded(result, monotonicNow() - started);
    on_done(std::move(result));
  };
  const auto notes = plan == nullptr ? std::vector<std::string>() : restartsNeeded(candidate_);
  std::vector<std::string> warnings;
  for (const auto& warning : outcome.diagnostics.warnings()) warnings.push_back(warning.text());
  const auto on_live = [this, done, notes, warnings] {
    for (const std::string& note : notes) log::warning(note);
    log::info("configuration applied, generation " + std::to_string(server_->plan()->generation));
    onLive();
    done({.applied = true, .warnings = warnings, .notes = notes});
  };
  if (plan == nullptr || !server_->publish(std::move(plan), outcome.diagnostics, on_live)) {
    candidate_ = {};
    log::error("configuration rejected, the old one stays in force:");
    logMistakes(outcome.diagnostics);
    refreshCertificates();
    return done(std::move(outcome));
  }
  noteRefreshes();
  logWarnings(outcome.diagnostics);
  adoptCandidate();
}

// What has changed outside of the plan takes effect.
void Process::adoptCandidate() {
  files_in_use_ = files_;
  const bool recorders_changed = configuration_.access_logs != candidate_.access_logs ||
                                 configuration_.tracing != candidate_.tracing;
  const bool admin_changed = configuration_.admin != candidate_.admin;
  const bool watch_changed = configuration_.watch != candidate_.watch ||
                             configuration_.watch_settle != candidate_.watch_settle;
  const LogSettings log_before = configuration_.log;
  configuration_ = std::exchange(candidate_, {});
  applyLog(log_before);
  if (watch_changed) watchFiles();
  if (recorders_changed && openRecording()) {
    server_->setRecorders(recording_->opener(configuration_, *role_));
  }
  if (admin_changed) {
    startAdmin();
  } else {
    renewAdminTerms();
  }
  workload_->follow(workloadSettings());
  plan_builder_.setWorkload(workload_->identity());
  if (configuration_.core.state_directory.value_or("") != state_.path()) openState();
}

// Logs and counts the renewals of certificates; returns the number of new certificates.
unsigned Process::noteRefreshes() { return note(plan_builder_.takeRefreshes()); }

unsigned Process::note(const tls::Refreshes& refreshes) {
  for (const std::string& trouble : refreshes.troubles) {
    log::error("keeping the certificate in use: " + trouble);
  }
  constexpr auto kFiles = mesh::IdentitySource::kFiles;
  cells_.counter(mesh::identityRefreshesKey(kFiles, mesh::RefreshResult::kOk))
      .add(refreshes.renewed);
  cells_.counter(mesh::identityRefreshesKey(kFiles, mesh::RefreshResult::kFailed))
      .add(refreshes.troubles.size());
  if (dashboard_ != nullptr) dashboard_->noteCertificates(refreshes.renewed, refreshes.troubles);
  return refreshes.renewed;
}

// The same settings, perhaps with other certificates.
void Process::renewAdminTerms() {
  if (!configuration_.admin.tls) return;
  applyAdmin();
  note(admin_terms_.takeRefreshes());
}

// A plan of the settings in use, with today's certificates.
std::shared_ptr<const proxy::Plan> Process::rebuild(config::Diagnostics& diagnostics) {
  server::Settings& core = configuration_.core;
  const server::Role wanted = std::exchange(core.role, *role_);
  auto plan = plan_builder_.build(core, server_->plan(), diagnostics);
  core.role = wanted;
  return plan;
}

// A renewed certificate is used even while the configuration contains a mistake.
void Process::refreshCertificates() {
  config::Diagnostics diagnostics;
  auto plan = rebuild(diagnostics);
  if (admin_terms_.load(configuration_.admin, diagnostics)) renewAdminTerms();
  if (plan == nullptr || noteRefreshes() == 0) return;
  server_->publish(std::move(plan), diagnostics, [this] {
    noteFileIdentity();
    log::info("certificates renewed, under the old configuration");
  });
}

void Process::onReloaded(const admin::ReloadOutcome& outcome, Nanoseconds took) {
  countReload(outcome.applied ? server::ReloadResult::kApplied : server::ReloadResult::kRejected,
              took);
  if (!live_ || leaving_) return;
  supervision_.onReady(outcome.applied ? status() : "Configuration rejected; still " + status());
}

void Process::countReload(server::ReloadResult result, Nanoseconds took) {
  const bool good = result == server::ReloadResult::kApplied;
  cells_.counter(server::configReloadsKey(result)).add();
  cells_.gauge(server::configLastReloadSuccessfulKey()).set(good ? 1 : 0);
  cells_.histogram(server::configReloadDurationKey()).observe(took);
  if (!good) return;
  cells_.gauge(server::configLastSuccessTimestampKey()).set(wallClockNow().count());
  cells_.gauge(server::configGenerationKey())
      .set(static_cast<std::int64_t>(server_->plan()->generation));
}

void Process::onTerminate() {
  if (leaving_) {
    log::warning("exiting immediately");
    at_once_ = true;
    return finish(exit_code_);
  }
  drain();
}

// Others must not find this node any more, and have time to learn of it, before it stops accepting.
void Process::drain() {
  if (std::exchange(leaving_, true)) return;
  supervision_.onStopping();
  registrations_->removeAll([this](Milliseconds delay) {
    if (delay.count() == 0) return drainServer();
    log::info("not registered any more; draining in " + config::durationText(delay));
    leave_.arm(delay);
  });
}

void Process::drainServer() {
  log::info("draining: no new connections, requests in flight may finish");
  server_->drain(configuration_.core.drain_timeout, [this](bool complete) {
    if (!complete) log::warning("drain: time limit reached, closing the remaining connections");
    log::info("drained");
    recording_->finish(*server_, [this] { finish(0); });
  });
}

void Process::finish(int exit_code) {
  exit_code_ = exit_code;
  watch_ = nullptr;
  loop_.stop();
}

}  // namespace weir
