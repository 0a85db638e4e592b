#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/base/metric_cells.h"
#include "core/base/names.h"
#include "core/base/result.h"
#include "core/dns/resolver.h"
#include "core/event/file_watch.h"
#include "core/event/log_writer.h"
#include "core/event/loop.h"
#include "core/event/signal.h"
#include "core/event/writer_thread.h"
#include "core/net/passed_sockets.h"
#include "core/server/counts.h"
#include "core/server/metrics.h"
#include "core/server/plan_builder.h"
#include "core/server/registry.h"
#include "core/server/server.h"
#include "core/state/directory.h"
#include "mesh/identity/renewal.h"
#include "mesh/identity/workload.h"
#include "mesh/register/registrations.h"
#include "observability/admin/admin_backend.h"
#include "observability/admin/admin_server.h"
#include "observability/dashboard/dashboard.h"
#include "observability/metrics/page.h"
#include "tools/weir/admin_terms.h"
#include "tools/weir/configuration.h"
#include "tools/weir/privileges.h"
#include "tools/weir/recording.h"
#include "tools/weir/supervision.h"
#include "tools/weir/watching.h"

namespace weir {

inline constexpr std::string_view kAwaitsIdentity = "waiting for the SPIFFE identity of this node";

// Where the configuration comes from: a file, a directory, or a text that a command has made.
struct ConfigurationSource {
  std::string path;  // of a text, its name in messages
  std::optional<std::string> text = std::nullopt;
};

// `weir run`: the control thread and everything that it owns, from start to exit.
class Process final : public admin::AdminBackend {
 public:
  // The resources that the process needs before it can read, log or wait.
  struct Handles {
    net::PassedSockets passed;  // the first: later descriptors must not be taken for passed ones
    event::WriterSignal log;
    event::Loop::Handle loop;
    event::WriterSignal access_log;
  };
  // Fails if descriptors or memory are exhausted.
  static Result<Handles> open();

  // `level` is that of the command line, which overrides the configuration's.
  Process(Handles handles, ConfigurationSource source,
          std::optional<log::Level> level = std::nullopt);
  ~Process() override;

  // Runs until it is asked to end. Exit code: 0 done, 1 failed, 2 invalid configuration.
  int run();

 private:
  std::vector<admin::UpstreamState> upstreamStates(const server::ClusterUses& uses);
  admin::UpstreamState upstreamState(const upstream::ClusterPlan& cluster,
                                     const server::ClusterUse* use);
  // admin::AdminBackend
  admin::PageReply metricsPage(const admin::PageRequest& request) override;
  admin::Health health() override;
  std::string configText() override;
  void upstreams(Answer<admin::UpstreamStates> answer) override;
  void upstream(std::string_view name, Answer<admin::UpstreamStates> answer) override;
  void listeners(Answer<std::vector<admin::ListenerState>> answer) override;
  void explain(const admin::ExplainQuery& query, Answer<admin::Explanation> answer) override;
  void errorsPage(const admin::PageRequest& request, Answer<admin::PageReply> answer) override {
    watching_->failures(request, std::move(answer));
  }
  void tapPage(const admin::PageRequest& request, Answer<admin::PageReply> answer) override {
    answer(watching_->tap(request));
  }
  log::Level logLevel() override { return log::level(); }
  admin::PageReply dashboard(const admin::PageRequest& request) override {
    return dashboard_->serve(request);
  }
  void reload(Answer<admin::ReloadOutcome> answer) override;
  void drain() override;
  void setLogLevel(log::Level level) override { log::setLevel(level); }

  bool start();
  bool startServer(const proxy::Plan& plan);
  bool awaitsIdentity();
  bool publishFirst();
  bool listenToSignals();
  void ignoreSignals();
  std::shared_ptr<const proxy::Plan> read(config::Diagnostics& diagnostics);
  bool keepRole(config::Diagnostics& diagnostics);
  bool openRecording();
  void onLive();
  void onTerminate();
  void drainServer();
  std::vector<mesh::BoundListener> boundListeners() const;
  bool startAdmin();
  bool applyAdmin();
  Result<void> configureAdmin(const admin::Settings& settings);
  bool startAdminElsewhere(std::string_view failure);
  bool openAddresses(const proxy::Plan& plan);
  bool giveUpRoot(const Account& account);
  void watchFiles();
  void openState();
  void applyLog(const LogSettings& before);
  void adoptCandidate();
  std::vector<std::string> restartsNeeded(const Configuration& wanted) const;
  unsigned noteRefreshes();
  unsigned note(const tls::Refreshes& refreshes);
  void renewAdminTerms();
  void refreshCertificates();
  std::shared_ptr<const proxy::Plan> rebuild(config::Diagnostics& diagnostics);
  std::optional<mesh::WorkloadSettings> workloadSettings() const;
  void onIdentity();
  void rebuildFirst();
  void renewIdentity();
  void onIdentityTime();
  void noteFileIdentity();
  void openRenewal();
  void followRenewal();
  void onReloaded(const admin::ReloadOutcome& outcome, Nanoseconds took);
  std::string status() const;
  void countReload(server::ReloadResult result, Nanoseconds took);
  void finish(int exit_code);

  const ConfigurationSource source_;
  int exit_code_ = 0;
  bool at_once_ = false;  // do not wait for exchanges in flight

  const std::optional<log::Level> level_;
  event::LogWriter log_output_;
  event::Loop loop_;
  Supervision supervision_{loop_};
  net::PassedSockets passed_;
  server::Registry registry_;
  NameTable names_;
  MetricCells cells_;
  server::Counts counts_;
  event::WriterThread log_writer_;
  Configuration configuration_;
  Configuration candidate_;                // read, but not in use yet
  std::vector<std::string> files_;         // read by the latest load
  std::vector<std::string> files_in_use_;  // of the configuration in use
  state::Directory state_{cells_};
  std::unique_ptr<dns::Resolver> resolver_;
  server::PlanBuilder plan_builder_;
  std::unique_ptr<Watching> watching_;  // outlives the workers
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<mesh::Workload> workload_;
  std::shared_ptr<const proxy::Plan> first_plan_;  // waits for the identity of this node
  bool reload_waits_ = false;                      // for the first plan
  // While first_plan_ waits, its time limit; later, when a renewal is tried again.
  event::Alarm<Process, &Process::onIdentityTime> identity_time_{loop_.wheel(), *this};
  std::unique_ptr<mesh::Renewal> renewal_;
  std::unique_ptr<mesh::Registrations> registrations_;
  std::unique_ptr<Recording> recording_;
  std::unique_ptr<metrics::Page> page_;
  std::unique_ptr<dashboard::Dashboard> dashboard_;
  AdminTerms admin_terms_;
  std::unique_ptr<admin::AdminServer> admin_;
  std::unique_ptr<event::FileWatch> watch_;
  std::vector<std::unique_ptr<event::Signal>> signals_;
  bool live_ = false;
  bool leaving_ = false;  // drain() was called
  event::Alarm<Process, &Process::drainServer> leave_{loop_.wheel(), *this};
  std::optional<server::Role> role_;  // at the start of the process
  std::optional<std::string> user_;   // in the configuration at the start
  metrics::Settings metrics_;         // at the start
};

// Runs a process with this configuration until its end; returns its exit code.
int runProcess(ConfigurationSource source, std::optional<log::Level> level = std::nullopt);

// "cannot ...: too many open files (raise the limit of open files)".
std::string startTrouble(std::string_view what, const Error& error);

}  // namespace weir
