//! What an agent is told beside the call's prompt.

use crate::model::Profile;

/// Short on purpose: it is paid for with each request, and the call's own prompt says the rest.
pub(super) fn of_profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Reader => {
            "Nobody answers questions. Read and search this folder; write only below .tipstaff/out/. End as the prompt says."
        }
        Profile::Worker => {
            "Nobody answers questions. Work only in this folder. End as the prompt says."
        }
        Profile::Writer => {
            "Nobody answers questions. Write only below .tipstaff/out/. End as the prompt says."
        }
    }
}
